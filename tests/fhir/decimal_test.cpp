#include "fhir/decimal.h"

#include <catch2/catch.hpp>

using namespace fhir;

namespace {

Decimal dec(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  if (!parsed) FAIL("no decimal: " << text);
  return *parsed;
}

std::string text(const std::optional<Decimal>& value) { return value ? value->text() : "nothing"; }

}  // namespace

TEST_CASE("a decimal keeps its digits and compares by value", "[decimal]") {
  for (const std::string_view kept : {"1.10", "0", "-0", "0.00", "1E2", "1e-7", "-12.0500", "12345678901234567890123"})
    CHECK(dec(kept).text() == kept);
  CHECK(dec("1.10") == dec("1.1"));
  CHECK(dec("1E2") == dec("100.00"));
  CHECK(dec("-0") == dec("0.0"));
  CHECK(dec("0") == dec("-0E5"));
  CHECK(dec("1e-7") < dec("0.0000002"));
  CHECK(dec("-2") < dec("-1.99"));
  CHECK(dec("-1") < dec("0"));
  CHECK(dec("0.1") < dec("1"));
  CHECK(dec("99.9") < dec("100"));
  CHECK(dec("123.45") > dec("123.4499999999999999999999999999"));
  CHECK(dec("1.10").scale() == 2);
  CHECK(dec("1E2").scale() == 0);
  CHECK(dec("0.0120").precision() == 3);
}

TEST_CASE("what is not a JSON number is no decimal", "[decimal]") {
  for (const std::string_view bad : {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1 ", " 1", "1,5", "0x1", "NaN",
                                     "--1", "1.2.3", "1e5000", "1e-5000", "1e99999999999999999999", "1e1e1"})
    CHECK_FALSE(Decimal::parse(bad));
  CHECK_FALSE(Decimal::parse(std::string(1001, '9')));
  CHECK(Decimal::parse(std::string(1000, '9')));
}

TEST_CASE("addition, subtraction and multiplication of decimals are exact", "[decimal]") {
  CHECK(text(dec("0.1").plus(dec("0.2"))) == "0.3");
  CHECK(text(dec("1.10").plus(dec("2"))) == "3.10");
  CHECK(text(dec("1E2").plus(dec("1E2"))) == "200");
  CHECK(text(dec("1.0").minus(dec("1.00"))) == "0.00");
  CHECK(text(dec("1").minus(dec("2.5"))) == "-1.5");
  CHECK(text(dec("1.20").times(dec("-3"))) == "-3.60");
  CHECK(text(dec("1E2").times(dec("0.5"))) == "50");
  CHECK(text(dec("12345678901234567890123456789").times(dec("10"))) == "123456789012345678901234567890");
  CHECK(text(dec("1e600").times(dec("1e600"))) == "nothing");
}

TEST_CASE("division keeps 28 significant digits and drops the zeros it added", "[decimal]") {
  CHECK(text(dec("1").over(dec("3"))) == "0.3333333333333333333333333333");
  CHECK(text(dec("2").over(dec("3"))) == "0.6666666666666666666666666667");
  CHECK(text(dec("-2").over(dec("3"))) == "-0.6666666666666666666666666667");
  CHECK(text(dec("6").over(dec("2"))) == "3");
  CHECK(text(dec("1.0").over(dec("4.00"))) == "0.25");
  CHECK(text(dec("1e3").over(dec("4"))) == "250");
  CHECK(text(dec("1").over(dec("8e3"))) == "0.000125");
  CHECK(text(dec("1").over(dec("0.0"))) == "nothing");
  CHECK(text(dec("0").over(dec("7"))) == "0");
  const std::string many(40, '7');
  CHECK(text(dec(many).over(dec("1"))) == many);
}

TEST_CASE("div and mod cut towards zero", "[decimal]") {
  CHECK(text(dec("5.5").div(dec("0.7"))) == "7");
  CHECK(text(dec("5.5").mod(dec("0.7"))) == "0.6");
  CHECK(text(dec("-7").div(dec("2"))) == "-3");
  CHECK(text(dec("-7").mod(dec("2"))) == "-1");
  CHECK(text(dec("1").div(dec("0"))) == "nothing");
  CHECK(text(dec("1").mod(dec("0"))) == "nothing");
  CHECK(text(dec("1e20").div(dec("3"))) == "33333333333333333333");
}

TEST_CASE("rounding goes away from zero at a half", "[decimal]") {
  CHECK(dec("2.5").rounded().text() == "3");
  CHECK(dec("-2.5").rounded().text() == "-3");
  CHECK(dec("2.449").rounded(1).text() == "2.4");
  CHECK(dec("9.995").rounded(2).text() == "10.00");
  CHECK(dec("0.4").rounded().text() == "0");
  CHECK(dec("-0.4").rounded().text() == "0");
  CHECK(dec("0.5").rounded().text() == "1");
  CHECK(dec("0.04").rounded().text() == "0");
  CHECK(dec("1.5").rounded(3).text() == "1.5");
  CHECK(dec("1e-500").rounded(2) == dec("0"));
}

TEST_CASE("truncate, floor and ceiling of decimals", "[decimal]") {
  CHECK(dec("-1.9").truncated().text() == "-1");
  CHECK(dec("-1.1").floor().text() == "-2");
  CHECK(dec("1.1").ceiling().text() == "2");
  CHECK(dec("-0.5").ceiling().text() == "0");
  CHECK(dec("2.0").floor().text() == "2");
  CHECK(dec("1E2").truncated().text() == "100");
  CHECK(dec("1.5").absolute() == dec("-1.5").absolute());
}

TEST_CASE("a whole decimal becomes an integer when it fits", "[decimal]") {
  CHECK(dec("12.00").to_integer() == 12);
  CHECK(dec("1E3").to_integer() == 1000);
  CHECK(dec("-9223372036854775808").to_integer() == INT64_MIN);
  CHECK_FALSE(dec("9223372036854775808").to_integer());
  CHECK_FALSE(dec("1.5").to_integer());
  CHECK(Decimal(INT64_MIN).text() == "-9223372036854775808");
  CHECK(Decimal(-5) == dec("-5.0"));
}

TEST_CASE("powers, roots and logarithms of decimals", "[decimal]") {
  CHECK(text(dec("2.5").power(dec("2"))) == "6.25");
  CHECK(text(dec("2").power(dec("-2"))) == "0.25");
  CHECK(text(dec("0").power(dec("0"))) == "1");
  CHECK(text(dec("0").power(dec("-1"))) == "nothing");
  CHECK(text(dec("-1").power(dec("0.5"))) == "nothing");
  CHECK(text(dec("-1").power(dec("9223372036854775807"))) == "-1");
  CHECK(text(dec("1.00").power(dec("100000"))) == "1");
  CHECK(text(dec("9").power(dec("1000000000"))) == "nothing");
  CHECK(text(dec("4").power(dec("0.5"))) == "2");
  CHECK(text(dec("81").square_root()) == "9");
  CHECK(text(dec("2").square_root()) == "1.414213562373095048801688724");
  CHECK(text(dec("-1").square_root()) == "nothing");
  CHECK(text(dec("0").exponential()) == "1");
  CHECK(text(dec("1").exponential()) == "2.718281828459045235360287471");
  CHECK(text(dec("1e900").exponential()) == "nothing");
  CHECK(text(dec("1").natural_logarithm()) == "0");
  CHECK(text(dec("0").natural_logarithm()) == "nothing");
  CHECK(text(dec("16").logarithm(dec("2"))) == "4");
  CHECK(text(dec("100").logarithm(dec("10"))) == "2");
  CHECK(text(dec("100").logarithm(dec("1"))) == "nothing");
}

TEST_CASE("decimals are equivalent when they agree to the coarser scale", "[decimal]") {
  CHECK(equivalent(dec("1.23"), dec("1.2")));
  CHECK_FALSE(equivalent(dec("1.26"), dec("1.2")));
  CHECK(equivalent(dec("1.0"), dec("1")));
}
