import Testing

@testable import Admin

@Suite("The owner's journal")
struct JournalTests {
    @Test("of a change only what differs is told")
    func change() {
        let told = Admin.difference(
            #"{"title":"Old","amount":1990,"hidden":false,"picture":"/a.png"}"#,
            #"{"title":"New","amount":1990,"hidden":true,"picture":null}"#)
        #expect(told.before == "title: Old\nhidden: false\npicture: /a.png")
        #expect(told.after == "title: New\nhidden: true\npicture: –")
    }

    @Test("of what is new all is told that there is, and of what is gone what it was")
    func coming() {
        let thing = #"{"title":"New","picture":null,"tiers":"[]","list":[1,2.5],"more":{"a":true}}"#
        let lines = "title: New\nlist: 1, 2.5\nmore: a true"
        #expect(Admin.difference(nil, thing) == ("", lines))
        #expect(Admin.difference(thing, nil) == (lines, ""))
    }

    @Test("what is no object stays as it is", arguments: ["", "plain", "[1]", "{\"a\":"])
    func others(_ text: String) { #expect(Admin.difference(text, "{}") == (text, "{}")) }
}
