#include "tests/bench/rapidjson_dom.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace bench {

struct RapidJsonDom::Impl {
  rapidjson::Document document;
};

RapidJsonDom::RapidJsonDom() : impl_(std::make_unique<Impl>()) {}
RapidJsonDom::~RapidJsonDom() = default;

bool RapidJsonDom::parse(const std::string& text) {
  impl_->document.Parse(text.data(), text.size());
  return !impl_->document.HasParseError();
}

std::size_t RapidJsonDom::write() const {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  impl_->document.Accept(writer);
  return buffer.GetSize();
}

}  // namespace bench
