"""What compares our documents with published ones is collected only where those are present."""

from tests.support.shared import PUBLISHED_SAMPLES

collect_ignore = [] if PUBLISHED_SAMPLES.is_dir() else ["test_published_samples.py"]
