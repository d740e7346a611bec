import HTTP
import Inference

extension API {
    /// `GET /health`: whether the decode loop turns, as it does in idle and draining servers.
    func health() -> HTTPResponse {
        let age = service.secondsSinceHeartbeat
        let limit = configuration.heartbeatLimit.components
        guard age <= Double(limit.seconds) + Double(limit.attoseconds) * 1e-18 else {
            let error = ErrorBody(
                .engineFailed("the decode loop has not turned for \(age.rounded()) s"))
            return unavailable(error, status: "stuck")
        }
        return Self.response(JSONWriter.object { $0.field("status", "ok") })
    }

    /// `GET /ready`: whether a request sent now would be taken.
    func readiness() -> HTTPResponse {
        do throws(ServingError) {
            try admit()
        } catch {
            return unavailable(
                ErrorBody(error), status: error == .loading ? "loading" : "draining")
        }
        return Self.response(JSONWriter.object { $0.field("status", "ready") })
    }

    /// `GET /`: where to go.
    func greeting(_ routes: [EndpointTable.Route]) -> HTTPResponse {
        let pointer = JSONWriter.object { json in
            json.field("name", "laconic")
            json.field("version", configuration.version)
            json.array("routes") { json in
                for route in routes { json.value("\(route.method.rawValue) \(route.path)") }
            }
        }
        return Self.response(pointer)
    }

    private func unavailable(_ error: ErrorBody, status: String) -> HTTPResponse {
        var error = error
        error.status = .serviceUnavailable
        error.type = "unavailable_error"
        let body = JSONWriter.object {
            $0.field("status", status)
            error.write(into: &$0)
        }
        var response = Self.response(error)
        response.body = .bytes(body)
        return response
    }
}
