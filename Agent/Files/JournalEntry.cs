using System.Text.Json.Serialization;
using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>What the journal knows of one push. Immutable; a change is a new entry.</summary>
internal sealed record JournalEntry
{
    /// <summary>The order, without its source path (that is good on one connection only).</summary>
    public required UploadOrder Order { get; init; }

    public JournalStage Stage { get; init; }

    /// <summary>With <see cref="JournalStage.Placing"/>: where the file goes, links followed.</summary>
    public string Target { get; init; } = "";

    /// <summary>With <see cref="JournalStage.Placing"/>: the file that is moved there. Gone means moved.</summary>
    public string From { get; init; } = "";

    /// <summary>With <see cref="JournalStage.Placing"/>: there may be an older file at the target; otherwise there was none.</summary>
    public bool Replaces { get; init; }

    /// <summary>With <see cref="JournalStage.Placing"/>: the result if the move succeeds. With <see cref="JournalStage.Done"/>: the result.</summary>
    public UploadResult? Result { get; init; }

    /// <summary>The gateway has the result: kept only to recognise the order if it comes again.</summary>
    public bool Recorded { get; init; }

    /// <summary>When the entry was written.</summary>
    public DateTimeOffset At { get; init; }

    [JsonIgnore] public string Id => Order.Id;

    [JsonIgnore] public int Attempt => Order.Attempt ?? 0;
}

/// <summary>How far a push is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JournalStage>))]
internal enum JournalStage
{
    /// <summary>Under way: the staging file may hold a part of the content.</summary>
    Started,
    /// <summary>About to be placed, or placed already: the target tells.</summary>
    Placing,
    /// <summary>Ended.</summary>
    Done,
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
