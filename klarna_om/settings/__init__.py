"""Where to call and who calls: environments, base URLs and credentials, checked before anything is sent."""
