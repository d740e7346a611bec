import Accounts
import Foundation
import HTTP
import Logging

extension API {
    /// `GET /v1/usage`: what the caller's completions took, by member and period; for an admin's
    /// key everybody's.
    ///
    ///     {"object":"usage","period":"day","account":"alice","quotas":{"spend":{"limit":0.5,
    ///      "period":"day","spent":0.12,"reserved":0,"resets_at":1795737600}},
    ///      "data":[{"account":"alice","model":"alpha_0.2","start":1795651200,
    ///               "starts_at":"2026-11-26T00:00:00Z","requests":3,"prompt_tokens":87,
    ///               "reasoning_tokens":120,"answer_tokens":31,"cost":0.0003}]}
    ///
    /// The newest comes first. Where the caller names a range, `from`, `to` and `bucket` stand in
    /// the place of `period`, and no row starts before the range does; see `UsageQuestion`.
    func usage(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let ledger = configuration.ledger, let account = Requester.admission?.account else {
            throw ServingError.noUsage
        }
        let question = try UsageQuestion(
            request.query, now: Int(Date().timeIntervalSince1970.rounded(.down)))
        let rows: [UsageRow]
        do {
            rows = try await ledger.rows(
                of: account.isAdmin ? nil : account.name, in: question.hours)
        } catch {
            logger.error("usage cannot be read: \(error)")
            throw ServingError.quota(.ledgerFails)
        }
        return Self.response(
            JSONWriter.object { json in
                json.field("object", "usage")
                if question.isRange {
                    json.field("from", UsageQuestion.text(question.hours.lowerBound))
                    json.field("to", UsageQuestion.text(question.hours.upperBound))
                    json.field("bucket", question.bucket?.rawValue)
                } else {
                    json.field("period", question.bucket?.rawValue)
                }
                json.field("account", account.name)
                json.object("quotas") { json in
                    for kind in [QuotaRefusal.Kind.spend, .tokens] {
                        guard let standing = ledger.standing(kind, of: account) else { continue }
                        json.object(kind.rawValue) {
                            $0.field("limit", standing.quota.limit)
                            $0.field("period", standing.quota.period.rawValue)
                            $0.field("spent", money: standing.spent)
                            $0.field("reserved", money: standing.reserved)
                            $0.field("resets_at", Int(standing.reset.timeIntervalSince1970))
                        }
                    }
                }
                json.array("data") { json in
                    for row in Self.sums(of: rows, question) {
                        json.object { Self.write(row.usage, start: row.start, into: &$0) }
                    }
                }
            })
    }

    /// Hours summed up as was asked, the newest first.
    private static func sums(
        of rows: [UsageRow], _ question: UsageQuestion
    ) -> [(start: Int, usage: UsageRow)] {
        struct Key: Hashable {
            var hour: Int
            var account: String
            var member: String
        }
        let first = question.hours.lowerBound
        var all: [Key: UsageRow] = [:]
        for row in rows {
            let hour = question.bucket.map { max($0.firstHour(ofHour: row.hour), first) } ?? first
            let key = Key(hour: hour, account: row.account, member: row.member)
            let empty = UsageRow(account: row.account, member: row.member, hour: hour)
            all[key, default: empty].add(row)
        }
        return all.sorted {
            ($1.key.hour, $0.key.account, $0.key.member)
                < ($0.key.hour, $1.key.account, $1.key.member)
        }.map { ($0.key.hour * 3600, $0.value) }
    }

    private static func write(_ row: UsageRow, start: Int, into json: inout JSONWriter) {
        json.field("account", row.account)
        json.field("model", row.member)
        json.field("start", start)
        json.field("starts_at", Timestamp.text(secondsSince1970: start))
        json.field("requests", row.requests)
        json.field("prompt_tokens", row.promptTokens)
        json.field("reasoning_tokens", row.reasoningTokens)
        json.field("answer_tokens", row.answerTokens)
        json.field("cost", money: row.cost)
    }
}
