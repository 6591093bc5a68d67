"""One HTTP exchange: the session and its connections, the route to the host, the answer within limits, the failures."""
