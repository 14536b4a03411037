// `extends:`: a site's map laid over the map it extends, before anything is compiled. Maps are merged key by key; an
// item of a list replaces the one with the same `id:`, others are added; `~` takes a key away; everything else
// replaces. Every node keeps the mark of the file it came from.
#pragma once
#include "adapters/map/yaml.h"

namespace adapters::map {

Yaml laid_over(Yaml base, const Yaml& over);

}  // namespace adapters::map
