using RPort.Protocol;

namespace RPort.Agent.Files;

/// <summary>What an order has to look like before anything is looked at on disk.</summary>
internal static class OrderRules
{
    private const int MaxIdLength = 64;
    private const int AllModeBits = 0b111_111_111_111; // 07777
    private const int MaxNameLength = 256;
    private const int MaxDestinationLength = 4096;

    /// <summary>What is wrong with the order; null where nothing is.</summary>
    public static string? Problem(UploadOrder order)
    {
        if (order.DestinationPath is null || order.SourceFilePath is null || order.Md5Checksum is null || order.DestinationFileOwner is null || order.DestinationFileGroup is null)
        {
            return "the order is incomplete"; // JSON null where the message has text
        }

        if (!IsPlainName(order.Id)) { return "the push id is not a plain file name"; }
        if (order.SourceFilePath.Length == 0) { return "empty source file name"; }
        if (order.DestinationPath.Length > MaxDestinationLength) { return $"destination path is longer than {MaxDestinationLength} characters"; }
        if (order.DestinationFileMode is < 0 or > AllModeBits) { return $"file mode {order.DestinationFileMode} is not one (0 to octal 7777)"; }
        if (order.Size < 0) { return $"file size {order.Size} is negative"; }
        if (!IsAccount(order.DestinationFileOwner)) { return "the file owner is not a user name"; }
        if (!IsAccount(order.DestinationFileGroup)) { return "the file group is not a group name"; }
        return Checksum.Problem(order);
    }

    /// <summary>1 to 64 characters of <c>A–Z a–z 0–9 . _ -</c>, not starting with a dot: it becomes a part of file names.</summary>
    public static bool IsPlainName(string? id) =>
        id is { Length: > 0 and <= MaxIdLength } && id[0] != '.' && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    // Account names end up as an argument of chown: no option, no second name, nothing unprintable.
    private static bool IsAccount(string name) =>
        name.Length <= MaxNameLength && !name.StartsWith('-') && !name.Any(c => c is ':' or '/' || char.IsWhiteSpace(c) || char.IsControl(c));
}
