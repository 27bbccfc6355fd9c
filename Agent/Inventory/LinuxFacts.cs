using System.Globalization;

namespace RPort.Agent.Inventory;

/// <summary>Reads a Linux machine's facts from its files. What cannot be read is left empty.</summary>
/// <param name="root">Where the file system begins: <c>/</c>, or elsewhere to look at a copy.</param>
internal sealed class LinuxFacts(string root)
{
    private static readonly string[] KnownFamilies = ["debian", "rhel", "fedora", "suse", "arch", "alpine", "gentoo"];

    public MachineFacts AddTo(MachineFacts facts)
    {
        Dictionary<string, string> release = Pairs(Read("etc/os-release"), '=');
        Dictionary<string, string> cpu = Pairs(Read("proc/cpuinfo").Split("\n\n")[0], ':');
        string id = release.GetValueOrDefault("ID", "linux");
        string version = Version(id, release);
        return facts with
        {
            OsFullName = $"{DisplayName(release)} {version}".Trim(),
            OsVersion = version,
            OsFamily = Family(id, release.GetValueOrDefault("ID_LIKE", "")),
            Os = string.Join(' ', "Linux", facts.Hostname, Line("proc/sys/kernel/osrelease"), Line("proc/sys/kernel/version"), Machine(facts.OsArch), "GNU/Linux"),
            CpuFamily = cpu.GetValueOrDefault("cpu family", ""),
            CpuModel = cpu.GetValueOrDefault("model", ""),
            CpuModelName = cpu.GetValueOrDefault("model name", ""),
            CpuVendor = cpu.GetValueOrDefault("vendor_id", ""),
            MemoryTotal = Memory(),
            Virtualization = FindVirtualization(cpu.GetValueOrDefault("flags", "")),
        };
    }

    /// <summary>The id that the system was given at its installation; empty where there is none.</summary>
    public string MachineId() => Line("etc/machine-id") is { Length: > 0 } id && id != "uninitialized" ? id : Line("var/lib/dbus/machine-id");

    private Virtualization FindVirtualization(string cpuFlags)
    {
        if (File.Exists(At(".dockerenv")))
        {
            return new("docker", "guest");
        }

        if (File.Exists(At("run/.containerenv")))
        {
            return new("podman", "guest");
        }

        string maker = $"{Line("sys/class/dmi/id/sys_vendor")} {Line("sys/class/dmi/id/product_name")} {Line("sys/class/dmi/id/bios_vendor")}";
        foreach ((string mark, string system) in Makers)
        {
            if (maker.Contains(mark, StringComparison.OrdinalIgnoreCase))
            {
                return new(system, "guest");
            }
        }

        if (Line("sys/hypervisor/type") == "xen")
        {
            return new("Xen", "guest");
        }

        bool guest = cpuFlags.Split(' ').Contains("hypervisor");
        string modules = Read("proc/modules");
        return guest ? new(Directory.Exists(At("sys/bus/vmbus")) ? "Hyper-V" : "KVM", "guest")
            : modules.Contains("kvm_intel ", StringComparison.Ordinal) || modules.Contains("kvm_amd ", StringComparison.Ordinal) ? new("KVM", "host")
            : Virtualization.None;
    }

    private static IEnumerable<(string Mark, string System)> Makers =>
    [
        ("VMware", "VMware"), ("VirtualBox", "VirtualBox"), ("innotek", "VirtualBox"), ("QEMU", "KVM"), ("KVM", "KVM"), ("Amazon EC2", "KVM"),
        ("Google Compute Engine", "KVM"), ("OpenStack", "KVM"), ("Microsoft Corporation Virtual Machine", "Hyper-V"), ("Xen", "Xen"), ("Parallels", "Parallels"),
        ("Bochs", "Bochs"),
    ];

    /// <summary>Debian puts only the first part of its version into os-release.</summary>
    private string Version(string id, Dictionary<string, string> release)
    {
        string debian = id == "debian" ? Line("etc/debian_version") : "";
        return debian.Length > 0 && char.IsAsciiDigit(debian[0]) ? debian : release.GetValueOrDefault("VERSION_ID", "");
    }

    private static string DisplayName(Dictionary<string, string> release)
    {
        string name = release.GetValueOrDefault("NAME", "Linux");
        foreach (string suffix in (string[])[" GNU/Linux", " Linux"])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal) && !name.EndsWith("Enterprise Linux", StringComparison.Ordinal))
            {
                name = name[..^suffix.Length];
            }
        }

        return name;
    }

    private static string Family(string id, string like)
    {
        string[] names = [id, .. like.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        return names.FirstOrDefault(KnownFamilies.Contains) ?? (names.Any(name => name.StartsWith("suse", StringComparison.Ordinal)
            || name.StartsWith("opensuse", StringComparison.Ordinal)) ? "suse" : id);
    }

    private static string Machine(string arch) => arch switch
    {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        "386" => "i686",
        _ => arch,
    };

    private long Memory()
    {
        string text = Pairs(Read("proc/meminfo"), ':').GetValueOrDefault("MemTotal", "0 kB").Split(' ')[0];
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : 0;
    }

    private static Dictionary<string, string> Pairs(string text, char between)
    {
        Dictionary<string, string> pairs = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            int cut = line.IndexOf(between, StringComparison.Ordinal);
            if (cut > 0)
            {
                pairs.TryAdd(line[..cut].Trim(), line[(cut + 1)..].Trim().Trim('"', '\''));
            }
        }

        return pairs;
    }

    private string At(string path) => Path.Combine(root, path);

    private string Line(string path) => Read(path).Trim();

    private string Read(string path)
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // one fact less
        }
    }
}
