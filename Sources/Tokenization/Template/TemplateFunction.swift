/// The functions that every template can call by name.
enum TemplateFunction: String {
    case range, dict, namespace, cycler, joiner
    case raiseException = "raise_exception"
    case currentTime = "strftime_now"
}
