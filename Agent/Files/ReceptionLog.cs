namespace RPort.Agent.Files;

/// <summary>What file reception tells its host's log. The numbers are the event ids.</summary>
internal enum ReceptionEvent
{
    /// <summary>A push was taken on.</summary>
    Accepted = 5301,
    /// <summary>An order was refused.</summary>
    Refused = 5302,
    /// <summary>A push ended, in whatever way.</summary>
    Finished = 5303,
    /// <summary>The connection went away under a push; it waits for the order to come again.</summary>
    Suspended = 5304,
    /// <summary>A push was taken back by the gateway.</summary>
    Cancelled = 5305,
    /// <summary>A result could not be reported yet.</summary>
    ReportFailed = 5306,
    /// <summary>Leftovers of old pushes were removed.</summary>
    Swept = 5307,
    /// <summary>The journal could not be read or written.</summary>
    JournalFailed = 5308,
}

/// <summary>Receives one line per event; called from any thread, must not block.</summary>
internal delegate void ReceptionLog(ReceptionEvent happened, string text);
