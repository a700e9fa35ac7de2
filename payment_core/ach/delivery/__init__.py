"""Where files go to the bank and what comes back: a folder, S3 or SFTP behind one port."""
