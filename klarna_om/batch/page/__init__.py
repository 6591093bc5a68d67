"""One HTML page about a job, complete in itself. `pip install 'klarna-om[report]'`."""
