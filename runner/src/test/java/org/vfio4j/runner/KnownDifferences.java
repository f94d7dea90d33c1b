// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.vfio4j.SysView;

/** The file that lists where the machine's answers stay different from a kernel's, with the reasons; its head explains it. */
final class KnownDifferences {
    private static final Pattern FIELD = Pattern.compile("([a-z]+) +(.*)");

    private record Entry(List<String> parts, Optional<SysView> view, String kernel, String here) {}

    private final List<Entry> entries = new ArrayList<>();
    private final List<String> clocked = new ArrayList<>();

    private KnownDifferences() {}

    static KnownDifferences read(Path file) throws IOException {
        var known = new KnownDifferences();
        Map<String, String> fields = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
            if (line.isBlank()) {
                known.add(fields);
                fields.clear();
            } else if (!line.startsWith("#") && !line.startsWith(" ")) {
                known.field(fields, line);
            }
        }
        known.add(fields);
        return known;
    }

    private void field(Map<String, String> fields, String line) {
        var field = FIELD.matcher(line);
        if (!field.matches()) {
            throw new IllegalArgumentException("no field: " + line);
        }
        if (field.group(1).equals("clock")) {
            clocked.add(field.group(2));
        } else if (fields.put(field.group(1), field.group(2)) != null) {
            throw new IllegalArgumentException("a second time in one entry: " + line);
        }
    }

    private void add(Map<String, String> fields) {
        if (fields.isEmpty()) {
            return;
        }
        required(fields, "because");
        entries.add(new Entry(
                Arrays.asList(required(fields, "parts").split(" ")),
                Optional.ofNullable(fields.get("sys")).map(view -> SysView.valueOf(view.toUpperCase(Locale.ROOT))),
                required(fields, "kernel"),
                required(fields, "here")));
    }

    private static String required(Map<String, String> fields, String name) {
        return Objects.requireNonNull(fields.get(name), () -> "an entry without \"" + name + "\": " + fields);
    }

    /** A difference as {@link #expected} has it. */
    static String difference(String kernel, String here) {
        return "kernel \"" + kernel + "\", here \"" + here + "\"";
    }

    /** All differences that a part must show when it sees {@code /sys} in a way. */
    List<String> expected(String part, SysView view) {
        return entries.stream()
                .filter(entry -> entry.parts.contains(part) && entry.view.orElse(view) == view)
                .map(entry -> difference(entry.kernel, entry.here))
                .toList();
    }

    /** Whether an answer depends on how soon processes run. */
    boolean clocked(String line) {
        return clocked.stream().anyMatch(line::startsWith);
    }
}
