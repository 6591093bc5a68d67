"""What the jobs of a database do now, as a page that stays current. `pip install 'klarna-om[cli,live]'`."""
