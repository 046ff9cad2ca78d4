/// Everything that members of the staff do with their accounts. Reads as the list of what there is.
public struct StaffUseCases: Sendable {
    /// Makes the first owner.
    public let setUpOwner: SetUpOwner
    /// Opens a session.
    public let logIn: LogIn
    /// Says who holds a session's token.
    public let readSession: ReadSession
    /// Ends the session of whoever asks.
    public let logOut: LogOut
    /// Shows who is logged in.
    public let listSessions: ListSessions
    /// Ends a session that is named in a list.
    public let endSession: EndSession
    /// Makes, changes and disables members.
    public let manageStaff: ManageStaff
    /// Sets up the second factor.
    public let manageSecondFactor: ManageSecondFactor
    /// Changes the password of whoever asks.
    public let changePassword: ChangePassword

    /// Builds the use cases. The lock-out is shared by them, so one is built a process.
    public init(_ tools: StaffTools) {
        setUpOwner = SetUpOwner(tools)
        logIn = LogIn(tools)
        readSession = ReadSession(tools)
        logOut = LogOut(tools)
        listSessions = ListSessions(tools)
        endSession = EndSession(tools)
        manageStaff = ManageStaff(tools)
        manageSecondFactor = ManageSecondFactor(tools)
        changePassword = ChangePassword(tools)
    }
}
