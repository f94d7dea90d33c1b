// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.ProcessOptions;
import org.vfio4j.spi.call.VirtualTree;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vfio4j tree}: the nodes and attributes that programs see, one directory or one attribute at a time. */
@Command(
        name = "tree",
        description = {
            "Show what programs see of the machine in /dev and /sys: a directory, or an attribute's content.",
            "What --write changes lasts as long as this process: put the commands that need it after \"then\"."
        })
final class TreeCommand extends MachineCommand {
    private static final int BYTES_PER_LINE = 16;
    private static final int MOST_LINKS = 40;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "PATH",
            defaultValue = "/",
            description = "absolute path; / without")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String path;

    @Option(
            names = {"-r", "--recursive"},
            description = "show the directories in a directory too")
    private boolean recursive;

    @Option(names = "--write", paramLabel = "TEXT", description = "write a text to the attribute")
    private @Nullable String text;

    @Override
    public Integer call() {
        var tree = vfio().tree();
        if (!path.startsWith("/")) {
            throw usage("PATH has to be absolute, like /sys/bus/pci");
        }
        String real = withoutLinks(tree, path);
        var node = tree.find(real).orElseThrow(() -> new VfioException(Errno.ENOENT, "there is no " + path));
        if (text != null) {
            write(node, text);
        } else if (node instanceof VirtualTree.Directory directory) {
            list(tree, real.equals("/") ? "" : real, directory, "");
        } else if (node instanceof VirtualTree.Attribute attribute) {
            print(attribute);
        } else {
            out().println(line(real, node));
        }
        return 0;
    }

    /** The path of the same thing that leads over no link, so that the links in a directory are shown as links. */
    private static String withoutLinks(VirtualTree tree, String path) {
        var left = Path.of(path).normalize();
        for (int links = 0; links < MOST_LINKS; links++) {
            var link = firstLink(tree, left);
            if (link.isEmpty()) {
                return left.toString();
            }
            var at = link.get();
            String target = tree.find(at.toString())
                    .filter(VirtualTree.Link.class::isInstance)
                    .map(VirtualTree.Link.class::cast)
                    .map(VirtualTree.Link::target)
                    .orElse(".");
            left = at.resolveSibling(target).resolve(at.relativize(left)).normalize();
        }
        throw new VfioException(Errno.ELOOP, path + " leads over too many links");
    }

    private static Optional<Path> firstLink(VirtualTree tree, Path path) {
        for (int names = 1; names <= path.getNameCount(); names++) {
            var prefix = Path.of("/").resolve(path.subpath(0, names));
            if (tree.find(prefix.toString()).orElse(null) instanceof VirtualTree.Link) {
                return Optional.of(prefix);
            }
        }
        return Optional.empty();
    }

    private void write(VirtualTree.Node node, String content) {
        if (!(node instanceof VirtualTree.Attribute attribute)) {
            throw new VfioException(Errno.EINVAL, path + " is no attribute that could be written");
        }
        try (var writer = vfio().newProcess(ProcessOptions.root())) {
            attribute.write(writer, 0, content.getBytes(StandardCharsets.UTF_8));
        }
    }

    private void list(VirtualTree tree, String directory, VirtualTree.Directory content, String indent) {
        for (var name : content.names()) {
            String below = directory + "/" + name;
            var node = tree.find(below);
            if (node.isEmpty()) {
                // Gone since the names were asked for.
                continue;
            }
            out().println(indent + line(name, node.get()));
            if (recursive && node.get() instanceof VirtualTree.Directory inner) {
                list(tree, below, inner, indent + "  ");
            }
        }
    }

    private static String line(String name, VirtualTree.Node node) {
        return switch (node) {
            case VirtualTree.Directory directory -> name + "/";
            case VirtualTree.Link link -> name + " -> " + link.target();
            case VirtualTree.Attribute attribute -> name + "  0" + Integer.toOctalString(attribute.mode());
            case VirtualTree.Device device ->
                name + "  0" + Integer.toOctalString(device.mode()) + "  " + device.major() + ":" + device.minor();
        };
    }

    private void print(VirtualTree.Attribute attribute) {
        byte[] content = attribute.read();
        if (!attribute.binary()) {
            out().print(new String(content, StandardCharsets.UTF_8));
            out().flush();
            return;
        }
        var hex = HexFormat.ofDelimiter(" ");
        for (int at = 0; at < content.length; at += BYTES_PER_LINE) {
            int end = Math.min(content.length, at + BYTES_PER_LINE);
            out().println(String.format("%03x: %s", at, hex.formatHex(content, at, end)));
        }
    }
}
