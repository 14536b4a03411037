#include "fhir/validate/answers.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/fhir/validate/found.h"

using test::All;

namespace {

/// What is found in a completed response of these items to a Questionnaire of these.
All found(const std::string& questions, const std::string& answers, const std::string& status = "completed") {
  return test::found(
      R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q","status":")" + status +
          R"(","item":[)" + answers + "]}",
      {R"({"resourceType":"Questionnaire","url":"http://e.org/q","status":"active","item":[)" + questions + "]}"});
}

std::string question(const std::string& type, const std::string& more = "") {
  return R"({"linkId":"1","type":")" + type + "\"" + (more.empty() ? "" : "," + more) + "}";
}

std::string answer(const std::string& value, const std::string& link = "1") {
  return R"({"linkId":")" + link + R"(","answer":[{)" + value + "}]}";
}

std::string limit(const std::string& url, const std::string& value) {
  return R"("extension":[{"url":"http://hl7.org/fhir/StructureDefinition/)" + url + "\"," + value + "}]";
}

constexpr const char* kItem = "QuestionnaireResponse.item[0]";
const std::string kValue = "QuestionnaireResponse.item[0].answer[0].value";

}  // namespace

TEST_CASE("an answer is of the type of its question", "[validate][answers]") {
  CHECK(found(question("boolean"), answer(R"("valueBoolean":true)")) == All{});
  CHECK(found(question("boolean"), answer(R"("valueString":"yes")")) == All{"error answer-type " + kValue});
  CHECK(found(question("text"), answer(R"("valueString":"yes")")) == All{});
  CHECK(found(question("display"), answer(R"("valueString":"yes")")) ==
        All{std::string("error answer-display ") + kItem});
  CHECK(found(question("group"), answer(R"("valueString":"yes")")) == All{std::string("error answer-group ") + kItem});
}

TEST_CASE("what is required is answered, once the response is complete", "[validate][answers]") {
  const std::string required = question("string", R"("required":true)");
  CHECK(found(required, answer(R"("valueString":"x")")) == All{});
  CHECK(found(required, R"({"linkId":"1"})") == All{"error answer-missing QuestionnaireResponse"});
  CHECK(found(required, R"({"linkId":"1"})", "in-progress") == All{"warning answer-missing QuestionnaireResponse"});
}

TEST_CASE("an item stands where the Questionnaire has it", "[validate][answers]") {
  const std::string two =
      R"({"linkId":"1","type":"string"},{"linkId":"2","type":"group","item":[{"linkId":"3","type":"string"}]})";
  const std::string x = R"("valueString":"x")";
  CHECK(found(two, answer(x) + R"(,{"linkId":"2","item":[)" + answer(x, "3") + "]}") == All{});
  CHECK(found(two, answer(x, "9")) == All{std::string("error answer-unknown ") + kItem});
  CHECK(found(two, answer(x, "3")) == All{std::string("error answer-misplaced ") + kItem});
  CHECK(found(two, R"({"linkId":"2","item":[)" + answer(x, "3") + "]}," + answer(x)) ==
        All{"error answer-order QuestionnaireResponse.item[1]"});
  CHECK(found(two, answer(x) + "," + answer(x)) == All{"error answer-item-again QuestionnaireResponse.item[1]"});
}

TEST_CASE("a question takes one answer, unless it repeats", "[validate][answers]") {
  const std::string twice = R"({"linkId":"1","answer":[{"valueInteger":1},{"valueInteger":2}]})";
  CHECK(found(question("integer", R"("repeats":true)"), twice) == All{});
  CHECK(found(question("integer"), twice) == All{"error answer-again QuestionnaireResponse.item[0].answer[1]"});
}

TEST_CASE("a choice is one of the options; an open one takes a text besides", "[validate][answers]") {
  const std::string options =
      R"("answerOption":[{"valueCoding":{"system":"http://e.org/s","code":"a"}},{"valueCoding":{"system":"http://e.org/s","code":"b"}}])";
  const std::string a = R"("valueCoding":{"system":"http://e.org/s","code":"a"})";
  const std::string c = R"("valueCoding":{"system":"http://e.org/s","code":"c"})";
  CHECK(found(question("choice", options), answer(a)) == All{});
  CHECK(found(question("choice", options), answer(c)) == All{"error answer-option " + kValue});
  CHECK(found(question("choice", options), answer(R"("valueString":"a")")) == All{"error answer-option " + kValue});
  CHECK(found(question("open-choice", options), answer(R"("valueString":"my own")")) == All{});
}

TEST_CASE("a question is asked only when enableWhen says so", "[validate][answers]") {
  const std::string questions =
      R"({"linkId":"1","type":"boolean"},{"linkId":"2","type":"string","required":true,"enableWhen":[{"question":"1","operator":"=","answerBoolean":true}]})";
  const std::string second = answer(R"("valueString":"x")", "2");
  CHECK(found(questions, answer(R"("valueBoolean":false)")) == All{});
  CHECK(found(questions, answer(R"("valueBoolean":true)")) == All{"error answer-missing QuestionnaireResponse"});
  CHECK(found(questions, answer(R"("valueBoolean":true)") + "," + second) == All{});
  CHECK(found(questions, answer(R"("valueBoolean":false)") + "," + second) ==
        All{"error answer-disabled QuestionnaireResponse.item[1]"});
}

TEST_CASE("enableWhen compares numbers, dates and quantities by value", "[validate][answers]") {
  const auto asked = [](const std::string& type, const std::string& op, const std::string& wanted,
                        const std::string& given) {
    const std::string questions =
        R"({"linkId":"1","type":")" + type +
        R"("},{"linkId":"2","type":"string","required":true,"enableWhen":[{"question":"1","operator":")" + op + "\"," +
        wanted + "}]}";
    return !found(questions, answer(given)).empty();  // then the second is missing
  };
  CHECK(asked("decimal", ">", R"("answerDecimal":9.5)", R"("valueDecimal":10.0)"));
  CHECK_FALSE(asked("decimal", ">", R"("answerDecimal":10)", R"("valueDecimal":10.0)"));
  CHECK(asked("decimal", ">=", R"("answerDecimal":10)", R"("valueDecimal":10.0)"));
  CHECK(asked("date", "<", R"("answerDate":"2024-03-01")", R"("valueDate":"2024-02-29")"));
  CHECK(asked("string", "exists", R"("answerBoolean":true)", R"("valueString":"x")"));
  CHECK_FALSE(asked("string", "exists", R"("answerBoolean":false)", R"("valueString":"x")"));
  CHECK(asked("quantity", "=", R"("answerQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"kg"})",
              R"("valueQuantity":{"value":1000,"system":"http://unitsofmeasure.org","code":"g"})"));
}

TEST_CASE("extensions of the question limit its answers", "[validate][answers]") {
  const auto judged = [](const std::string& type, const std::string& extension, const std::string& value) {
    const All all = found(question(type, extension), answer(value));
    return all.empty() ? std::string() : all.front();
  };
  CHECK(judged("integer", limit("minValue", R"("valueInteger":5)"), R"("valueInteger":5)").empty());
  CHECK(judged("integer", limit("minValue", R"("valueInteger":5)"), R"("valueInteger":4)") ==
        "error answer-less " + kValue);
  CHECK(judged("date", limit("maxValue", R"("valueDate":"2024-01-01")"), R"("valueDate":"2024-01-02")") ==
        "error answer-more " + kValue);
  CHECK(judged("string", limit("minLength", R"("valueInteger":3)"), R"("valueString":"陈某")") ==
        "error answer-short " + kValue);
  CHECK(judged("string", R"("maxLength":2)", R"("valueString":"陈某")").empty());
  CHECK(judged("string", R"("maxLength":2)", R"("valueString":"abc")") == "error answer-long " + kValue);
  CHECK(judged("string", limit("regex", R"("valueString":"[0-9]{6}")"), R"("valueString":"57010")") ==
        "error answer-pattern " + kValue);
  CHECK(judged("decimal", limit("maxDecimalPlaces", R"("valueInteger":1)"), R"("valueDecimal":1.25)") ==
        "error answer-digits " + kValue);
  CHECK(judged("attachment", limit("mimeType", R"("valueCode":"image/png")"),
               R"("valueAttachment":{"contentType":"text/plain","data":"YQ=="})") == "error answer-mime " + kValue);
  CHECK(judged("reference", limit("questionnaire-referenceResource", R"("valueCode":"Patient")"),
               R"("valueReference":{"reference":"Device/1"})") == "error answer-target " + kValue);
}

TEST_CASE("without its Questionnaire a response is not checked against it", "[validate][answers]") {
  const std::string response =
      R"({"resourceType":"QuestionnaireResponse","questionnaire":"http://e.org/q|2","status":"completed"})";
  const All warned = {"warning answer-questionnaire-unknown QuestionnaireResponse.questionnaire"};
  CHECK(test::found(response) == warned);
  CHECK(test::found(response,
                    {R"({"resourceType":"Questionnaire","url":"http://e.org/q","version":"1","status":"active"})"}) ==
        warned);
  CHECK(test::found(response,
                    {R"({"resourceType":"Questionnaire","url":"http://e.org/q","version":"2","status":"active"})"}) ==
        All{});
}
