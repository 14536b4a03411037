// The table behind messages.h: for each detail code the kind of issue (R4 issue-type), how grave it is by itself, and
// what is said in English and in Chinese. Sorted by what the rows are about.
#pragma once
#include <string_view>

#include "fhir/outcome.h"

namespace fhir::validate {

struct MessageRow {
  std::string_view detail, issue;
  Severity severity;
  std::string_view en, zh;
};

inline constexpr Severity kError = Severity::error, kWarning = Severity::warning, kNote = Severity::information;

// clang-format off
inline constexpr MessageRow kMessages[] = {
    // The list itself, and parts of sentences.
    {"more", "too-long", kError, "there are more issues than are listed here", "问题太多，此处未全部列出"},
    {"did-you-mean", "informational", kNote, ": '{0}'; did you mean '{1}'?", "：“{0}”；是否应为“{1}”？"},
    {"invariant", "invariant", kError, "{0}: {1}", "不满足约束 {0}：{1}"},

    // Reading (fhir/json.h, fhir/xml.h): {"code of the reader"}.
    {"json.syntax", "invalid", Severity::fatal, "this is not well-formed JSON", "此处不是合法的 JSON"},
    {"json.empty", "invalid", Severity::fatal, "the document is empty", "文件为空"},
    {"json.trailing", "invalid", Severity::fatal, "something follows the end of the document", "文档结束之后还有内容"},
    {"json.bom", "invalid", Severity::fatal, "a JSON text begins without a byte order mark", "JSON 文本不得以字节顺序标记开头"},
    {"json.utf8", "invalid", Severity::fatal, "the bytes here are not UTF-8", "此处的字节不是 UTF-8"},
    {"json.control-character", "invalid", Severity::fatal, "a control character in a string must be escaped", "字符串中的控制字符必须转义"},
    {"json.nul", "invalid", Severity::fatal, "\\u0000 is not allowed in a string", "字符串中不得有 \\u0000"},
    {"json.surrogate", "invalid", Severity::fatal, "a string holds half of a surrogate pair", "字符串中有不成对的代理字符"},
    {"json.escape", "invalid", Severity::fatal, "there is no such escape sequence", "没有这样的转义序列"},
    {"json.number-range", "invalid", Severity::fatal, "the number is beyond 1e308", "数值超过 1e308"},
    {"json.duplicate-key", "invalid", Severity::fatal, "an object has two members of this name", "对象中有两个同名成员"},
    {"json.depth", "too-long", Severity::fatal, "nested deeper than the limit", "嵌套层数超过上限"},
    {"json.size", "too-long", Severity::fatal, "the document is larger than the limit", "文件大小超过上限"},
    {"xml.syntax", "invalid", Severity::fatal, "this is not well-formed XML", "此处不是合法的 XML"},
    {"xml.doctype", "invalid", Severity::fatal, "a resource has no document type declaration", "资源中不得有 DOCTYPE 声明"},
    {"xml.encoding", "invalid", Severity::fatal, "a resource is in UTF-8", "资源必须使用 UTF-8 编码"},
    {"xml.depth", "too-long", Severity::fatal, "nested deeper than the limit", "嵌套层数超过上限"},
    {"xml.size", "too-long", Severity::fatal, "the document is larger than the limit", "文件大小超过上限"},
    {"xml.namespace", "invalid", Severity::fatal, "an element of a resource is in the namespace http://hl7.org/fhir", "资源的元素必须在命名空间 http://hl7.org/fhir 中"},
    {"xml.attribute", "invalid", Severity::fatal, "an element of FHIR has the attributes value, id and url, no others", "FHIR 元素只能有 value、id 和 url 属性"},
    {"xml.resource", "invalid", Severity::fatal, "the document holds no resource", "文件中没有资源"},
    {"xml.xhtml", "invalid", Severity::fatal, "the narrative is not well-formed XHTML", "叙述文本不是合法的 XHTML"},
    {"xml-order", "structure", kError, "this element stands out of the order of the standard", "元素的顺序与标准不符"},
    {"xml-text", "structure", kError, "text cannot stand between elements", "元素之间不得有文字"},
    {"xml-empty", "structure", kError, "an element has a value, an id or something in it", "元素必须有值、id 或内容"},
    {"xml-attribute", "structure", kError, "this element has no such attribute: an id has every element but a resource, a url an extension", "此元素没有这个属性：除资源外的元素有 id，扩展有 url"},
    {"xml-attribute-as-element", "structure", kError, "this is an attribute, not an element", "这应写成属性，而不是元素"},
    {"xml-element", "structure", kError, "FHIR has no element of this name", "FHIR 没有这个名称的元素"},
    {"xml-url", "structure", kError, "only an extension has the attribute url", "只有扩展才有 url 属性"},
    {"xml-value", "structure", kError, "this element is none that has a value", "此元素不能有 value"},
    {"xml-one-resource", "structure", kError, "exactly one resource stands in this element", "此元素中必须恰有一个资源"},

    // Structure.
    {"no-type", "required", kError, "a resource says its resourceType", "资源必须写明 resourceType"},
    {"unknown-type", "structure", kError, "R4 has no resource of this type", "R4 中没有这种资源"},
    {"unknown-element", "structure", kError, "{0} has no such element", "{0} 没有这个元素"},
    {"kind", "structure", kError, "JSON {0} is expected here, not {1}", "此处应为 JSON {0}，而不是 {1}"},
    {"empty", "structure", kError, "an object has at least one member", "对象至少要有一个成员"},
    {"empty-array", "structure", kError, "an array has at least one item", "数组至少要有一项"},
    {"null", "structure", kError, "null stands for nothing here; leave it out", "此处的 null 没有意义，请去掉"},
    {"twin", "structure", kError, "this array is not as long as the one it belongs to", "此数组与其对应数组的长度不同"},
    {"choice", "structure", kError, "only one type of a choice can be given", "多选类型的元素只能给出一种"},
    {"too-many", "structure", kError, "at most {0} can be given", "最多只能给出 {0} 个"},
    {"missing", "required", kError, "{0} must be there", "缺少 {0}"},
    {"value", "value", kError, "this is no {0}; one looks like {1}", "这不是 {0}；正确的写法如 {1}"},
    {"ele-1", "invariant", kError, "ele-1: an element has a value or children", "ele-1：元素必须有值或子元素"},

    // Primitive values.
    {"string-long", "too-long", kError, "a string is at most 1 MB long", "字符串不得超过 1 MB"},
    {"string-blank", "value", kError, "a string is not only white space", "字符串不得只有空白"},
    {"string-space", "value", kWarning, "a string does not begin or end with white space", "字符串首尾不应有空白"},
    {"uri-urn", "value", kError, "an OID or UUID as a URI begins with urn:oid: or urn:uuid:", "OID 或 UUID 写成 URI 时须以 urn:oid: 或 urn:uuid: 开头"},
    {"uri-oid", "value", kError, "what follows urn:oid: is no OID", "urn:oid: 之后不是合法的 OID"},
    {"uri-uuid", "value", kError, "what follows urn:uuid: is no UUID in lower case", "urn:uuid: 之后不是合法的小写 UUID"},
    {"canonical-relative", "value", kWarning, "a canonical URL is absolute, or names a contained resource with #", "规范 URL 必须是绝对地址，或以 # 指向内含资源"},
    {"canonical-url", "value", kError, "the URL by which a definition is known is absolute", "定义资源的 url 必须是绝对地址"},
    {"date-year", "value", kWarning, "the year is far from today; perhaps a slip", "年份离现在太远，可能录入有误"},

    // Codes.
    {"code", "code-invalid", kError, "{0} takes only codes of {1}", "{0} 只能使用 {1} 中的代码"},
    {"code-extensible", "code-invalid", kWarning, "{0} takes codes of {1} wherever one fits", "{0} 应尽量使用 {1} 中的代码"},
    {"code-preferred", "code-invalid", kNote, "{0} takes codes of {1} by preference", "{0} 建议使用 {1} 中的代码"},
    {"code-largest", "code-invalid", kError, "{0} takes no code outside {1}", "{0} 不得使用 {1} 之外的代码"},
    {"coding-unknown", "code-invalid", kError, "the code system has no such code", "代码系统中没有这个代码"},
    {"coding-no-system", "code-invalid", kWarning, "a code without its system says little", "代码没有注明代码系统"},
    {"coding-system", "value", kError, "the URI of a code system is absolute", "代码系统的 URI 必须是绝对地址"},
    {"coding-value-set", "code-invalid", kError, "this names a value set; a code belongs to a code system", "此处写的是值集；代码应属于代码系统"},
    {"coding-supplement", "code-invalid", kError, "a supplement has no codes of its own; name the code system it adds to", "补充代码系统不能作为 system，请写它所补充的代码系统"},
    {"coding-display", "code-invalid", kWarning, "the display is not one of this code", "显示名与代码不符"},
    {"unit-unknown", "code-invalid", kWarning, "this is no unit of UCUM", "这不是 UCUM 单位"},
    {"quantity-system", "value", kError, "the URI of a system of units is absolute", "单位系统的 URI 必须是绝对地址"},
    {"identifier-system", "value", kError, "the URI of an identifier's system is absolute", "标识符 system 的 URI 必须是绝对地址"},
    {"identifier-uri", "value", kError, "an identifier of the system urn:ietf:rfc:3986 is a whole URI", "system 为 urn:ietf:rfc:3986 时，标识符的值必须是完整的 URI"},
    {"attachment-size", "value", kError, "the size is not that of the data", "size 与 data 的实际大小不符"},

    // References and contained resources.
    {"reference", "value", kError, "this is no reference; one is Type/id, #id of a contained resource, a URL or a URN", "这不是合法的引用；引用应为 Type/id、内含资源的 #id、URL 或 URN"},
    {"reference-target", "structure", kError, "{0} cannot lead to a {1}", "{0} 不能引用 {1}"},
    {"reference-type", "structure", kError, "the type is not that of the reference", "type 与引用的资源类型不符"},
    {"reference-twice", "not-found", kError, "several entries of the Bundle match this reference", "Bundle 中有多个条目与此引用相符"},
    {"reference-other", "structure", kError, "the entry that this leads to is no {0}", "此引用所指的条目不是 {0}"},
    {"unresolved", "not-found", kError, "the resource is not in the Bundle", "Bundle 中没有此引用所指的资源"},
    {"unresolved-contained", "not-found", kError, "no contained resource has this id", "没有这个 id 的内含资源"},
    {"contained-id", "required", kError, "a contained resource has an id", "内含资源必须有 id"},
    {"contained-nested", "invariant", kError, "a contained resource contains none itself", "内含资源不得再内含资源"},
    {"contained-again", "invariant", kError, "another contained resource has this id", "另一个内含资源已用此 id"},
    {"dom-3", "invariant", kError, "dom-3: a contained resource is referred to, or refers to the one around it", "dom-3：内含资源必须被引用，或引用其所在的资源"},
    {"dom-4", "invariant", kError, "dom-4: a contained resource has no meta.versionId or meta.lastUpdated", "dom-4：内含资源不得有 meta.versionId 或 meta.lastUpdated"},
    {"dom-5", "invariant", kError, "dom-5: a contained resource has no security label", "dom-5：内含资源不得有安全标签"},

    // Bundles.
    {"bundle-url", "value", kError, "a fullUrl is an absolute URL or a URN in its proper form", "fullUrl 必须是绝对 URL 或格式正确的 URN"},
    {"bundle-url-version", "invariant", kError, "a fullUrl names no version", "fullUrl 不得带版本"},
    {"bundle-url-again", "invariant", kError, "the fullUrl of an earlier entry is used again", "fullUrl 与前面的条目重复"},
    {"bundle-url-none", "required", kError, "an entry has a fullUrl, but in transactions and batches", "除事务和批处理外，每个条目都必须有 fullUrl"},
    {"bundle-id", "invariant", kError, "the fullUrl names another resource than the entry holds", "fullUrl 与条目中的资源不符"},
    {"bundle-id-none", "invariant", kError, "the fullUrl is an address on a server, but the resource has no id", "fullUrl 是服务器地址，但资源没有 id"},
    {"bundle-header", "invariant", kError, "the first entry of a message is its MessageHeader", "消息的第一个条目必须是 MessageHeader"},
    {"bundle-header-none", "required", kError, "a message has a MessageHeader as first entry", "消息必须以 MessageHeader 为第一个条目"},
    {"bundle-header-again", "invariant", kError, "a message has one MessageHeader, the first entry", "消息只能有一个 MessageHeader，且为第一个条目"},
    {"bundle-composition", "invariant", kError, "the first entry of a document is its Composition", "文档的第一个条目必须是 Composition"},
    {"bundle-lacks", "not-found", kError, "what this leads to must be in the Bundle, and is not", "此引用所指的资源必须在 Bundle 中，但没有"},
    {"bundle-lacks-base", "not-found", kError, "no fullUrl matches; a resource of that type and id is there, but under another base", "没有相符的 fullUrl；虽有同类型同 id 的资源，但其 fullUrl 的基址不同"},
    {"bundle-has-several", "not-found", kError, "more than one entry of the Bundle matches", "Bundle 中有多个条目相符"},
    {"bundle-orphan", "informational", kError, "no reference leads to this entry from the first, or from it to one that is reached", "从第一个条目出发，经引用无法到达此条目"},
    {"bundle-link-paging", "invalid", kError, "only search results and histories have pages", "只有检索结果和历史记录才能分页"},
    {"bundle-link-again", "invalid", kError, "this relation stands once only", "此 relation 只能出现一次"},
    {"bundle-link-style", "not-found", kError, "the style sheet is not in the Bundle", "Bundle 中没有此样式表"},
    {"search-self", "invalid", kWarning, "a search result has a link to itself", "检索结果应有 self 链接"},
    {"search-resource", "invalid", kError, "an entry of a search result has a resource", "检索结果的条目必须有资源"},
    {"search-id", "invalid", kError, "a resource found by a search has an id", "检索到的资源必须有 id"},
    {"search-type", "invalid", kError, "the search did not ask for resources of this type", "检索的不是这种资源"},
    {"search-outcome", "invalid", kError, "the outcome of a search is an OperationOutcome", "search.mode 为 outcome 的资源必须是 OperationOutcome"},
    {"search-mode", "invalid", kWarning, "the entry does not say whether it was found or included", "条目应注明 search.mode"},

    // Narrative.
    {"txt-1", "invariant", kError, "txt-1: the narrative is XHTML of the kinds that narrative.html allows", "txt-1：叙述文本只能使用标准允许的 XHTML 元素和属性"},
    {"txt-2", "invariant", kWarning, "txt-2: the narrative has something to read", "txt-2：叙述文本必须有可读内容"},
    {"narrative-space", "structure", kError, "the div is in the namespace http://www.w3.org/1999/xhtml", "div 必须在命名空间 http://www.w3.org/1999/xhtml 中"},
    {"narrative-id", "structure", kError, "an id stands once in a narrative", "叙述文本中的 id 不得重复"},
    {"narrative-link", "not-found", kError, "a link of the narrative leads to nothing", "叙述文本中的链接没有目标"},
    {"narrative-image", "not-found", kWarning, "an image of the narrative is not in the resource", "资源中没有叙述文本所用的图像"},

    // Extensions.
    {"ext-1", "invariant", kError, "ext-1: an extension has either a value or extensions", "ext-1：扩展要么有值，要么有子扩展"},
    {"extension-url", "value", kError, "the URL of an extension is absolute", "扩展的 url 必须是绝对地址"},
    {"extension-version", "value", kError, "the URL of an extension names no version", "扩展的 url 不得带版本"},
    {"extension-unknown", "not-found", kWarning, "HL7 has no such extension that is known here", "HL7 没有（或此处不知道）这个扩展"},
    {"extension-unknown-modifier", "not-found", kWarning, "who does not know this modifier extension cannot use the resource", "不认识此修饰扩展者不得使用该资源"},
    {"extension-context", "structure", kError, "the extension may not stand at this element", "此扩展不能用在这个元素上"},
    {"extension-modifier", "structure", kError, "this is a modifier extension, and stands in modifierExtension", "这是修饰扩展，应放在 modifierExtension 中"},
    {"extension-no-modifier", "structure", kError, "this is no modifier extension, and stands in extension", "这不是修饰扩展，应放在 extension 中"},
    {"extension-value", "structure", kError, "the extension takes no value of this type", "此扩展不接受这种类型的值"},
    {"extension-no-value", "required", kError, "the extension has a value", "此扩展必须有值"},
    {"extension-part", "required", kError, "a part that the extension must have is not there", "缺少此扩展必需的部分"},
    {"extension-part-again", "structure", kError, "a part of the extension stands more often than it may", "此扩展的某部分出现次数过多"},

    // Questionnaires.
    {"enable-unknown", "business-rule", kError, "no item has the linkId that enableWhen asks for", "没有 enableWhen 所指 linkId 的条目"},
    {"enable-self", "business-rule", kError, "an item does not depend on itself", "条目不能以自己为启用条件"},
    {"enable-inner", "business-rule", kError, "an item does not depend on one inside it", "条目不能以其内部的条目为启用条件"},
    {"enable-later", "business-rule", kWarning, "the item that this one depends on comes after it", "所依赖的条目在此条目之后"},
    {"que-7", "invariant", kError, "que-7: whether an answer exists is true or false", "que-7：操作符为 exists 时，答案必须是布尔值"},
    {"enable-type", "business-rule", kWarning, "a question of type {0} has no such answer", "类型为 {0} 的问题没有这种答案"},
    {"initial-type", "structure", kError, "a question of type {0} has no such initial value", "类型为 {0} 的问题不能有这种初始值"},
    {"option-type", "structure", kError, "a question of type {0} offers no such answers", "类型为 {0} 的问题不能有这种选项"},

    // Answers.
    {"answer-no-questionnaire", "required", kNote, "no Questionnaire is named, so the answers are not checked", "没有写明问卷，因此未核对答案"},
    {"answer-questionnaire-unknown", "not-found", kWarning, "the Questionnaire is not at hand, so the answers are not checked", "找不到问卷，因此未核对答案"},
    {"answer-questionnaire-status", "business-rule", kWarning, "the Questionnaire is in the state {0}", "问卷的状态为 {0}"},
    {"answer-unknown", "not-found", kError, "the Questionnaire has no item of this linkId", "问卷中没有此 linkId 的条目"},
    {"answer-misplaced", "structure", kError, "the Questionnaire has this item in another place", "此条目在问卷中位于别处"},
    {"answer-order", "structure", kError, "the items stand in another order than in the Questionnaire", "条目的顺序与问卷不同"},
    {"answer-item-again", "structure", kError, "the Questionnaire takes this item once only", "问卷只允许此条目出现一次"},
    {"answer-again", "structure", kError, "the question takes one answer only", "此问题只能有一个答案"},
    {"answer-few", "structure", kError, "at least {0} answers are asked for", "至少要有 {0} 个答案"},
    {"answer-many", "structure", kError, "at most {0} answers are taken", "最多只能有 {0} 个答案"},
    {"answer-disabled", "business-rule", kError, "by the other answers this question was not to be asked", "按其他答案，此问题不应作答"},
    {"answer-missing", "required", kError, "a required question has no answer", "必答的问题没有答案"},
    {"answer-text", "invalid", kError, "the text is not that of the question", "文字与问卷中的问题不符"},
    {"answer-display", "structure", kError, "a text that is only shown has no answer", "仅供显示的条目不得有答案"},
    {"answer-group", "structure", kError, "a group has items, not answers", "分组只能有条目，不得有答案"},
    {"answer-nesting", "structure", kError, "the items below a question stand in its answer", "问题之下的条目应放在其答案中"},
    {"answer-type", "structure", kError, "a question of type {0} takes no such value", "类型为 {0} 的问题不接受这种值"},
    {"answer-option", "code-invalid", kError, "the answer is none of those offered", "答案不在选项之中"},
    {"answer-value-set", "code-invalid", kError, "the answer is no code of {0}", "答案不是 {0} 中的代码"},
    {"answer-value-set-unknown", "not-found", kWarning, "{0} is not at hand, so the answer is not checked", "找不到 {0}，因此未核对答案"},
    {"answer-exclusive", "business-rule", kError, "this answer excludes every other", "此答案不能与其他答案同时选择"},
    {"answer-less", "value", kError, "the value is less than {0}", "值小于 {0}"},
    {"answer-more", "value", kError, "the value is more than {0}", "值大于 {0}"},
    {"answer-long", "too-long", kError, "the answer is longer than {0} characters", "答案超过 {0} 个字符"},
    {"answer-short", "value", kError, "the answer is shorter than {0} characters", "答案不足 {0} 个字符"},
    {"answer-pattern", "value", kError, "the answer has not the form that is asked for", "答案不符合要求的格式"},
    {"answer-digits", "value", kError, "the answer has more than {0} digits after the point", "小数位数超过 {0} 位"},
    {"answer-unit", "code-invalid", kError, "the unit is none of those offered", "单位不在允许的范围内"},
    {"answer-unit-unknown", "value", kError, "without coded units the quantity cannot be compared to its limit", "没有编码的单位，无法与限值比较"},
    {"answer-unit-other", "value", kError, "the units measure different things, so the limit cannot be checked", "单位的量纲不同，无法与限值比较"},
    {"answer-mime", "code-invalid", kError, "an attachment of this type is not taken", "不接受这种类型的附件"},
    {"answer-size", "too-long", kError, "the attachment is larger than {0}", "附件大小超过 {0}"},
    {"answer-target", "structure", kError, "a reference to such a resource is not taken", "不接受指向这种资源的引用"},

    // Terminology resources.
    {"cs-property-again", "business-rule", kError, "a property of this code is defined already", "已定义过同名的属性"},
    {"cs-property-uri-again", "business-rule", kError, "a property of this URI is defined already", "已定义过同 URI 的属性"},
    {"cs-property-code", "business-rule", kError, "the property of this URI is called {0}", "此 URI 的属性名应为 {0}"},
    {"cs-property-type", "business-rule", kError, "the property of this URI is of type {0}", "此 URI 的属性类型应为 {0}"},
    {"cs-property-unknown", "business-rule", kWarning, "the code system does not define this property", "代码系统没有定义这个属性"},
    {"cs-value-type", "business-rule", kError, "the property is defined as {0}", "此属性定义的类型为 {0}"},
    {"cs-value-code", "code-invalid", kError, "the code system has no concept of this code", "代码系统中没有这个代码的概念"},
    {"cs-supplement", "required", kError, "a supplement says which code system it adds to", "补充代码系统必须写明所补充的代码系统"},
    {"cs-supplements", "business-rule", kError, "only a supplement adds to another code system", "只有补充代码系统才能有 supplements"},
    {"vs-system", "value", kError, "the system is absolute; a contained code system is named by its URL", "system 必须是绝对地址；内含的代码系统应写其 url"},
    {"vs-system-value-set", "value", kError, "this names a value set; include it as valueSet", "此处写的是值集，应放在 valueSet 中"},
    {"vs-concept", "code-invalid", kError, "the code system has no such code", "代码系统中没有这个代码"},
    {"vs-concept-again", "duplicate", kWarning, "this code is listed already", "此代码已列出"},
    {"vs-filter-property", "code-invalid", kWarning, "the code system does not define this property", "代码系统没有定义这个属性"},
    {"vs-filter-value", "value", kError, "the filter compares with a {0}", "过滤值的类型应为 {0}"},
    {"vs-filter-code", "code-invalid", kError, "the filter names a code that the code system has not", "过滤条件中的代码不在代码系统中"},
    {"vs-filter-ecl", "value", kError, "this is no expression constraint of SNOMED CT", "这不是合法的 SNOMED CT 表达式约束"},
    {"cm-source", "code-invalid", kError, "the code is not in the value set that the map is from", "代码不在源值集中"},
    {"cm-target", "code-invalid", kWarning, "the code is not in the value set that the map is to", "代码不在目标值集中"},

    // Definitions.
    {"fhirpath", "invalid", kError, "this FHIRPath expression cannot be read", "无法解析此 FHIRPath 表达式"},
    {"sd-root", "business-rule", kError, "the path begins with the type that is defined", "path 必须以所定义的类型开头"},
    {"sd-path", "business-rule", kError, "the type has no element of this path", "此类型没有该路径的元素"},
    {"sd-root-slicing", "business-rule", kError, "the root of a profile is not sliced", "配置文件的根元素不得切片"},
    {"sd-binding", "business-rule", kError, "an element of this type has no codes to bind", "这种类型的元素不能绑定值集"},
    {"sd-fixed", "business-rule", kError, "the profile above fixes another value", "上级配置文件已固定为另一个值"},
    {"sp-type", "business-rule", kError, "the parameter that this is derived from is of another type", "与所派生自的检索参数类型不同"},
    {"sp-base", "business-rule", kError, "the parameter that this is derived from is not for this resource", "所派生自的检索参数不适用于这种资源"},
};
// clang-format on

}  // namespace fhir::validate
