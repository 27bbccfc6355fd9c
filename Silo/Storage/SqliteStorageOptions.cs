using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace RPort.Silo.Storage;

/// <summary>The SQLite file that holds grain state. Bound from <c>GrainStorage:Sqlite</c>.</summary>
public sealed class SqliteStorageOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GrainStorage:Sqlite";

    /// <summary>Where the file lies.</summary>
    [Description("The file that holds grain state; created with its folder where absent.")]
    [Required]
    public string File { get; set; } = "data/grains.db";

    /// <summary>Writes that may wait; the next one waits until there is room.</summary>
    [Description("Writes that may wait for the disk; a further one waits for room.")]
    [Range(16, 1_000_000)]
    public int MaxQueuedWrites { get; set; } = 8_192;

    /// <summary>How far the file may grow.</summary>
    [Description("The file may not grow beyond this many bytes: a write that would need more fails as on a full disk. 0: no limit but the disk.")]
    [Range(0, long.MaxValue)]
    public long MaxFileBytes { get; set; }

    /// <summary>Set by the host where no other process may use the file: in a single process, two would each believe that theirs are the only grains.</summary>
    internal bool Exclusive { get; set; }

    /// <summary>How long a file that another process has locked is waited for.</summary>
    [Description("How long a write waits for a file that another process has locked before it fails.")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
