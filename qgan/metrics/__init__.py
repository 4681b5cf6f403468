"""Measures of distributions, of samples, of states and of ensembles of states.

Nothing here knows how states were made. Each folder says what its measures compare; all of their
public names can be imported from here as well.
"""

from qgan.metrics.distributions import *
from qgan.metrics.ensembles import *
from qgan.metrics.samples import *
from qgan.metrics.states import *
