namespace RPort.Agent.Files;

/// <summary>How a system writes paths and tells them apart. Purely about text, so that every system's rules hold and are tested on every system.</summary>
internal abstract class PathRules
{
    public static readonly PathRules Linux = new UnixPathRules(StringComparison.Ordinal);
    public static readonly PathRules MacOs = new UnixPathRules(StringComparison.OrdinalIgnoreCase);
    public static readonly PathRules Windows = new WindowsPathRules();

    /// <summary>How names are compared.</summary>
    public abstract StringComparison Comparison { get; }

    /// <summary>True where a backslash in a glob takes the next character literally.</summary>
    public abstract bool GlobEscapes { get; }

    /// <summary>Cleans an absolute path; null, and why, for anything else.</summary>
    public abstract FilePath? Clean(string path, out string problem);

    /// <summary>Splits a glob the way paths are split; null where it is not absolute.</summary>
    public abstract IReadOnlyList<string>? SplitGlob(string pattern);

    /// <summary>True where the text says by itself that it means a folder.</summary>
    public abstract bool EndsInSeparator(string path);

    public abstract string Join(IReadOnlyList<string> parts);

    /// <summary>How many of the parts are the root.</summary>
    public abstract int RootParts(IReadOnlyList<string> parts);

    /// <summary>Drops empty and <c>.</c> parts and takes back one per <c>..</c>, never below the root.</summary>
    protected static List<string> Fold(IEnumerable<string> parts, IEnumerable<string> root)
    {
        List<string> folded = [.. root];
        int floor = folded.Count;
        foreach (string part in parts)
        {
            if (part == "..")
            {
                if (folded.Count > floor) { folded.RemoveAt(folded.Count - 1); }
            }
            else if (part is not ("" or "."))
            {
                folded.Add(part);
            }
        }

        return folded;
    }

    private sealed class UnixPathRules(StringComparison comparison) : PathRules
    {
        public override StringComparison Comparison => comparison;

        public override bool GlobEscapes => true;

        public override FilePath? Clean(string path, out string problem)
        {
            problem = path.Length == 0 ? "empty destination file path"
                : path.Contains('\0', StringComparison.Ordinal) ? "destination path holds a null character"
                : path[0] != '/' ? $"destination path {path} is not absolute"
                : "";
            return problem.Length > 0 ? null : new FilePath(this, Fold(path.Split('/'), []));
        }

        public override IReadOnlyList<string>? SplitGlob(string pattern) => pattern.StartsWith('/') ? Fold(pattern.Split('/'), []) : null;

        public override bool EndsInSeparator(string path) => path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal);

        public override string Join(IReadOnlyList<string> parts) => "/" + string.Join('/', parts);

        public override int RootParts(IReadOnlyList<string> parts) => 0;
    }

    /// <summary>Drive and share paths. What Windows would read as something else (devices, streams, names with dots at the end) is no destination.</summary>
    private sealed class WindowsPathRules : PathRules
    {
        private static readonly HashSet<string> Devices = new(StringComparer.OrdinalIgnoreCase)
        {
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
            "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9",
        };

        public override StringComparison Comparison => StringComparison.OrdinalIgnoreCase;

        public override bool GlobEscapes => false;

        public override FilePath? Clean(string path, out string problem)
        {
            problem = "";
            if (path.Length == 0)
            {
                problem = "empty destination file path";
                return null;
            }

            if (Split(path) is not { } parts)
            {
                problem = $"destination path {path} is not absolute";
                return null;
            }

            foreach (string part in parts.Skip(RootParts(parts)))
            {
                if (part.AsSpan().IndexOfAny("<>:\"|?*") >= 0 || part.Any(char.IsControl) || part[^1] is '.' or ' ' || Devices.Contains(part.Split('.')[0].TrimEnd()))
                {
                    problem = $"destination path {path} holds a name that Windows does not allow: {part}";
                    return null;
                }
            }

            return new FilePath(this, parts);
        }

        public override IReadOnlyList<string>? SplitGlob(string pattern) => Split(pattern);

        public override bool EndsInSeparator(string path) => path.EndsWith('\\') || path.EndsWith('/');

        // "C:" alone would be the drive's current folder, hence the separator after a bare drive.
        public override string Join(IReadOnlyList<string> parts) => parts.Count == 1 ? parts[0] + @"\" : string.Join('\\', parts);

        public override int RootParts(IReadOnlyList<string> parts) => parts.Count > 0 && parts[0].StartsWith('\\') ? 2 : 1;

        private static List<string>? Split(string path)
        {
            path = path.Replace('/', '\\');
            string[] parts = path.Split('\\');
            if (path.StartsWith(@"\\", StringComparison.Ordinal))
            {
                // \\?\ and \\.\ go around the cleaning of names: nobody needs them here.
                return parts.Length < 5 || parts[2] is "" or "?" or "." || parts[3] is "" or "." or ".." ? null : Fold(parts[4..], [@"\\" + parts[2], parts[3]]);
            }

            bool drive = parts.Length > 1 && parts[0].Length == 2 && parts[0][1] == ':' && (char.IsAsciiLetter(parts[0][0]) || parts[0][0] is '*' or '?');
            return drive ? Fold(parts[1..], [parts[0]]) : null;
        }
    }
}
