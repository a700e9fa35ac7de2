"""A stand-in for Application Auto Scaling, which moves what it is told to; AWS's own is used where AWS is."""
