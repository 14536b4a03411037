#include "adapters/map/map.h"

#include <algorithm>

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
  const Plan* plan() const override { return plan_.get(); }

 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace

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
