"""What holds for every test, and for the examples in docstrings."""

import os

os.environ["QGAN_CACHE"] = "off"  # tests leave the cache of whoever runs them alone
