#include "adapters/source.h"
