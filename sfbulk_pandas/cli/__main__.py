"""``python -m sfbulk_pandas.cli``: the same as ``sfbulk``."""

import sys

from sfbulk_pandas.cli.main import main

sys.exit(main())
