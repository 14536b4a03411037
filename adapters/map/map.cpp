#include "adapters/map/map.h"

#include <algorithm>
#include <mutex>

#include "adapters/map/back.h"
#include "adapters/map/compile.h"
#include "adapters/map/library.h"
#include "adapters/map/run.h"

namespace adapters::map {
namespace {

class CompiledMap final : public Map {
 public:
  explicit CompiledMap(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}

  const std::string& name() const override { return plan_->name; }
  bool to_fhir() const override { return plan_->target == Format::fhir; }
  const std::string& charset() const override { return plan_->charset; }
  bool accepts(std::string_view kind) const override {
    return std::ranges::find(plan_->accept, kind) != plan_->accept.end();
  }
  const rows::Shape* shape() const override { return plan_->source == Format::row ? &plan_->shape : nullptr; }
  Result<Outcome> run(std::string_view record, const Site& site) const override {
    return run_plan(*plan_, record, site);
  }
  Result<Outcome> run_back(std::string_view bundle, const Site& site) const override {
    if (!to_fhir()) return Map::run_back(bundle, site);
    return map::run_back(*plan_, inverse(), bundle, site);
  }
  std::string back_kind(std::string_view bundle, const Site& site) const override {
    return to_fhir() ? map::back_kind(*plan_, inverse(), bundle, site) : std::string();
  }
  const Plan* plan() const override { return plan_.get(); }

 private:
  /// Few maps ever run backwards: worked out when one first does.
  const Inverse& inverse() const {
    std::call_once(inverted_, [&] { inverse_ = std::make_unique<const Inverse>(*plan_); });
    return *inverse_;
  }

  std::shared_ptr<const Plan> plan_;
  mutable std::once_flag inverted_;
  mutable std::unique_ptr<const Inverse> inverse_;
};

}  // namespace

Result<Outcome> Map::run_back(std::string_view, const Site&) const {
  return fhir::fail(fhir::Fault::unsupported, "map.back-direction", name(), "only a map to FHIR runs backwards");
}

std::string Map::back_kind(std::string_view, const Site&) const { return {}; }

std::shared_ptr<const Map> Map::load(const std::filesystem::path& file, std::vector<FileFault>& out,
                                     const Files& files) {
  Faults reading(out);
  const Mark top{reading.add_file(file.string()), 1, 1};
  const auto text = Library(file, reading, files).read(file, top);
  if (!text) return nullptr;
  Faults faults(out);
  auto plan = compile(*text, file, faults, files);
  return plan ? std::make_shared<CompiledMap>(std::move(plan)) : nullptr;
}

}  // namespace adapters::map
