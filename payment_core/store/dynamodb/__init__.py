"""The payment store on one DynamoDB table."""
