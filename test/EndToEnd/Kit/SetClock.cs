using System.Globalization;

namespace RPort.EndToEnd.Kit;

/// <summary>A wall clock that a test sets while a program runs, by libfaketime. The monotonic clock stays true, as on a machine whose time is set.</summary>
internal sealed class SetClock : IDisposable
{
    private readonly TempFolder _folder = new();

    public SetClock()
    {
        Set(TimeSpan.Zero);
        Environment = new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = Library,
            ["FAKETIME_TIMESTAMP_FILE"] = _folder["clock"],
            ["FAKETIME_NO_CACHE"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_DONT_RESET"] = "1",
            ["NO_FAKE_STAT"] = "1",
        };
    }

    /// <summary>Null where libfaketime is not installed.</summary>
    public static string? Library { get; } = Directory.Exists("/usr/lib")
        ? Directory.EnumerateFiles("/usr/lib", "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 }).FirstOrDefault()
        : null;

    /// <summary>For the program whose clock it is.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>The clock goes ahead of true time by so much, or behind.</summary>
    public void Set(TimeSpan ahead)
    {
        string unfinished = _folder["clock.new"];
        File.WriteAllText(unfinished, ahead.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.Move(unfinished, _folder["clock"], overwrite: true);
    }

    public void Dispose() => _folder.Dispose();
}

/// <summary>A test that needs <see cref="SetClock"/>; skipped, with the reason, where libfaketime is not installed.</summary>
internal sealed class ClockFactAttribute : FactAttribute
{
    public ClockFactAttribute() => Skip = SetClock.Library is null ? "libfaketime is not installed" : null!;
}
