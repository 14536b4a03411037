// RapidJSON's own document, to measure against. In a file of its own: Debian's 1.1.0 needs a compiler option.
#pragma once
#include <memory>
#include <string>

namespace bench {

class RapidJsonDom {
 public:
  RapidJsonDom();
  ~RapidJsonDom();
  bool parse(const std::string& text);
  std::size_t write() const;  // bytes written

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bench
