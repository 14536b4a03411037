#include "tests/sim/messages.h"

#include <fmt/format.h>

#include "adapters/charset.h"
#include "gateway/exchange/ports.h"

namespace gateway::sim {
namespace {

constexpr std::string_view kZone = "+08:00";

std::string time_of(Millis at) { return exchange::hl7_time(at, kZone); }

std::string pharmacy_header(std::string_view kind, const std::string& control_id, const std::string& pharmacy,
                            Millis now) {
  return fmt::format("MSH|^~\\&|PHARM|{}|GW|HNUMP|{}||{}|{}|P|2.5.1||||||UNICODE UTF-8\r", pharmacy, time_of(now), kind,
                     control_id);
}

}  // namespace

std::string report(const std::string& control_id, const std::string& number, const std::string& word, Millis now) {
  const std::string at = time_of(now);
  const std::string text = fmt::format(
      "MSH|^~\\&|LIS|TMUCIH|GW|ONCOGW|{0}||ORU^R01|{1}|P|2.4|||AL|NE|CHN|GB 18030-2000\r"
      "PID|1||0003388127^^^TMUCIH^MR||赵珅^^^^^^L^I||19590812|M\r"
      "ORC|RE|SQ202603100087|{2}||CM\r"
      "OBR|1|SQ202603100087|{2}|TM7^肿瘤标志物七项^L|||20260310072200|||||||20260310074500|SER^血清|||||||"
      "20260310092600|||F\r"
      "OBX|1|ST|HP^幽门螺杆菌抗体^L||{3}||阴性(-)|A|||F|||20260310092511\r",
      at, control_id, number, word);
  return adapters::encode(text, adapters::Charset::gb18030).value_or("");
}

std::string prescription(const std::string& control_id, const std::string& number, std::string_view control,
                         Millis now) {
  const std::string at = time_of(now), written = time_of(now - 600'000);
  return fmt::format(
      "MSH|^~\\&|YYCF|HNUMP|GW|ONCOGW|{0}||RDE^O11^RDE_O11|{1}|P|2.5.1|||AL|NE|CHN|UNICODE UTF-8\r"
      "PID|1||HN0000512^^^HNUMP^MR||林蔚^^^^^^L^I||19680314|F\r"
      "ORC|{3}|{2}|||IP||||{4}|||D0007^陈^敏^^^^^^NHC^L^^^MD\r"
      "RXE|1^TID^D28^{5}^^R|XL01EBA233A001010100001^盐酸埃克替尼片^NHSA^L01EB08^埃克替尼^ATC|125||mg|TAB^片剂^L|^"
      "空腹或与食物同服|||84|{{片}}|||YS0031^吴^桐^^^^^^NHC^L^^^RPH|{2}\r"
      "RXR|PO^口服^HL70162^1^口服^CV06.00.102\r"
      "DG1|1||C34.101^肺上叶恶性肿瘤^ICD-10-YB|||F\r",
      at, control_id, number, control, written, written.substr(0, 8));
}

std::string prescription_record(const std::string& number, Millis now) {
  const std::string t = exchange::local_instant(now - 300'000, kZone);
  const std::string at = t.substr(0, 10) + " " + t.substr(11, 8);
  return fmt::format(
      R"({{"table":"MS_CF01","key":{{"CFSB":"{0}"}},"version":1,"deleted":false,"why":"","row":{{"CFSB":"{0}","JGID":"YY000001X",)"
      R"("CFHM":"{0}","KFRQ":"{1}","CFLX":"1","KSDM":"215","YSDM":"D1120","BRID":"100231","JZXH":"551200","ZFPB":"0","CZPB":"0",)"
      R"("MS_BRDA":[{{"BRID":"100231","MZHM":"MZ0100231","BRXM":"陈思远","BRXB":"2","CSNY":"1982-07-25","SFZH":"110199198207250066",)"
      R"("HKDZ":"北京市","JTDH":"13800000044","XGSJ":"{1}"}}],"MS_CF02":[{{"SBXH":"1","CFSB":"{0}","YPXH":"30112","YPZH":"1",)"
      R"("YFGG":"2.5mg*30片","YCJL":"2.5","YPYF":"qd","MRCS":"1","YYTS":"28","YPSL":"2","YFDW":"盒","GYTJ":"1","SFJG":"1",)"
      R"("SFGH":"YS0102","SFYJ":"审方通过","YK_TYPK":[{{"YPXH":"30112","YPMC":"来曲唑片","YPGG":"2.5mg*30片","JLDW":"mg","TSYP":"0",)"
      R"("ATCDM":"L02BG04"}}],"GY_YGDM":[{{"YGDM":"YS0102","YGXM":"何宁","YGJB":"pharmacist"}}]}}],"GY_YGDM":[{{"YGDM":"D1120",)"
      R"("YGXM":"沈越","YGJB":"doctor"}}],"MS_CFQM":[]}}}})",
      number, at);
}

std::optional<Order> read_order(std::string_view rde) {
  Order order{std::string(field(rde, "ORC", 2)), std::string(field(rde, "ORC", 4)), {}, false};
  order.name = order.number.substr(0, order.number.find('^'));
  order.beijing = order.number.ends_with("^bjch");
  return order.name.empty() ? std::nullopt : std::optional(order);
}

std::string pharmacy_answer(const std::string& control_id, const std::string& pharmacy, std::string_view control,
                            const Order& order, Millis now) {
  return pharmacy_header("RRE^O12^RRE_O12", control_id, pharmacy, now) +
         fmt::format("MSA|AA|{}\rORC|{}|{}||{}\r", control_id, control, order.item, order.number);
}

std::string supplied(const std::string& control_id, const std::string& pharmacy, int amount, const Order& order,
                     Millis now) {
  const std::string_view patient =
      order.beijing ? "100231^^^bjch^MR||陈思远||19820725|F" : "HN0000512^^^HNUMP^MR||林蔚||19680314|F";
  const std::string_view drug = order.beijing ? "30112^来曲唑片^L" : "XL01EBA233A001010100001^盐酸埃克替尼片^NHSA";
  const std::string_view unit = order.beijing ? "{box}^盒" : "{片}";
  return pharmacy_header("RDS^O13^RDS_O13", control_id, pharmacy, now) +
         fmt::format("PID|1||{}\rORC|RE|{}|FY-{}|{}\rRXD|1|{}|{}|{}|{}||{}|||YS0900^何^青\r", patient, order.item,
                     control_id, order.number, drug, time_of(now), amount, unit, order.name);
}

std::string acknowledgement(std::string_view message, std::string_view code, std::string_view names) {
  const std::string_view id = names.empty() ? field(message, "MSH", 10) : names;
  return fmt::format("MSH|^~\\&|SIM|SIM|GW|GW|20260310||ACK|A{0}|P|2.5.1\rMSA|{1}|{0}\r", id, code);
}

std::string_view field(std::string_view message, std::string_view segment, std::size_t n) {
  while (!message.empty()) {
    const auto end = std::min(message.find('\r'), message.size());
    std::string_view line = message.substr(0, end);
    message.remove_prefix(std::min(end + 1, message.size()));
    if (!line.starts_with(segment) || line.size() <= 3 || line[3] != '|') continue;
    for (std::size_t i = segment == "MSH" ? 1 : 0; i < n; ++i) {
      const auto bar = line.find('|');
      if (bar == std::string_view::npos) return {};
      line.remove_prefix(bar + 1);
    }
    return line.substr(0, line.find('|'));
  }
  return {};
}

std::string find_word(std::string_view text, std::string_view prefix) {
  const auto at = text.find(prefix);
  if (at == std::string_view::npos) return {};
  auto end = at + prefix.size();
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  return std::string(text.substr(at, end - at));
}

}  // namespace gateway::sim
