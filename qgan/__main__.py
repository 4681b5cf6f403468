"""``python -m qgan``: the same as the console script."""

import sys

from qgan.cli import main

sys.exit(main())
