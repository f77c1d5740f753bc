"""`make publish`: the template as the AWS Serverless Application Repository accepts it."""
