// A local record that is being written, for maps that run backwards: FHIR -> the record. It is a Source of what is
// written so far, so that conditions and formulas of the map can be asked of it, and it can be taken back step by step,
// because which rule made an element is found out by trying.
//
// One run owns it; not thread-safe. Nothing is ever overwritten: a place holds the first text that was written to it.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/source.h"

namespace adapters {

class Writable : public Source {
 public:
  /// The spot that `path` leads to from `from`; what is not there comes into being. Without `n` the first; with it the
  /// n-th, from 0, of a path that leads to several: a segment, repetition, row or item of a list. Nothing: there can be
  /// no such place.
  virtual std::optional<Spot> place_at(const BoundPath& path, Spot from, std::optional<std::size_t> n = {}) = 0;
  /// Writes a value. `whole`: the text of a whole node, whose separators separate again. False: something else stands
  /// there already, or the text cannot stand there.
  virtual bool write(Spot spot, std::string_view text, bool whole) = 0;
  /// Does the segment or row around it hold anything?
  virtual bool stands(Spot spot) const = 0;
  /// Does the structure of such records have the segment or member?
  virtual bool knows(Spot spot) const = 0;
  /// The how manieth of its like it is where it stands, from 1: an OBX of its order, an item of its list.
  virtual std::size_t number_of(Spot spot) const = 0;
  /// How far writing has come; everything after it can be taken back.
  virtual std::size_t position() const = 0;
  virtual void take_back(std::size_t position) = 0;
  /// Takes back everything after a position, and keeps it: paste() puts it there again, as long as nothing else was
  /// written in between. So whoever tries several ways need not walk the best of them twice.
  struct Cut {
    virtual ~Cut() = default;
  };
  virtual std::unique_ptr<Cut> cut(std::size_t position) = 0;
  virtual void paste(const Cut& cut) = 0;
  /// The record as the local system reads it: ER7, JSON.
  virtual std::string encode() const = 0;
};

}  // namespace adapters
