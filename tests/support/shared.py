"""What Klarna has published lies beside some checkouts, in `../shared/klarna`.

No test needs it: the project has its own description of the API and its own documents in `tests/contract`. Where
the published ones are present they are tested as well.
"""

from pathlib import Path

KLARNA = Path(__file__).resolve().parents[2].parent / "shared" / "klarna"
PUBLISHED_SPECIFICATION = KLARNA / "openapi.json"
PUBLISHED_SAMPLES = KLARNA / "samples"
