git clone -b 0.10.1 https://github.com/ai-dynamo/nixl
