// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.vfio4j.uapi.IommufdIoctl;
import org.vfio4j.uapi.VfioIoctl;

/**
 * The page about what the uAPI covers: every call with the checklist lines that speak of it, proved or not. Which lines
 * speak of a call stands in {@code uapi-calls.csv}; which are proved, the tests say.
 */
final class UapiPage {
    private static final String CALLS = "uapi-calls.csv";

    private UapiPage() {}

    /**
     * A call, or a group of rules that belong to none.
     *
     * @param name the call's name in the kernel's headers
     * @param file what it is made on; "-" for rules of no call
     * @param module who answers
     * @param lines the checklist lines
     */
    record Call(String name, String file, String module, Set<String> lines) {}

    /** The page, line by line. */
    static List<String> write(Set<String> proved) {
        var page = new ArrayList<>(List.of(
                "# uAPI coverage",
                "",
                "Which device-control calls are answered, by whom, and which lines of the specification's checklists are proved for each. Every build writes this page",
                "anew to `target/uapi.md`, from the tests that passed; the tests of each line are named in `target/spec-coverage.txt`. A line may speak of several calls.",
                "Numbers, layouts and constants of all of `vfio.h` and `iommufd.h` are declared in `org.vfio4j.uapi` and checked against tables that a C compiler confirmed.",
                "A call without any proved line answers ENOTTY, as a kernel without it does. Raw calls are made with `Vfio.newProcess(...)`; the typed API runs the same",
                "operations.",
                "",
                "| call | number | on | answered by | proved | not proved yet |",
                "|---|---|---|---|---|---|"));
        var others = new ArrayList<String>();
        for (var call : calls()) {
            var done = new TreeSet<>(call.lines());
            done.retainAll(proved);
            var open = new TreeSet<>(call.lines());
            open.removeAll(proved);
            var ranges = " | " + ranges(done) + " | " + ranges(open) + " |";
            if (call.file().equals("-")) {
                others.add("| " + call.name() + " | " + call.module() + ranges);
            } else {
                page.add("| " + call.name() + " | " + number(call.name()) + " | " + call.file() + " | " + call.module()
                        + ranges);
            }
        }
        page.add("");
        page.add("Rules of no single call:");
        page.add("");
        page.add("| about | answered by | proved | not proved yet |");
        page.add("|---|---|---|---|");
        page.addAll(others);
        page.add("");
        page.add(
                "Paths: `/dev/vfio/vfio`, `/dev/vfio/N`, `/dev/vfio/noiommu-N`, `/dev/vfio/devices/vfioX`, `/dev/iommu`.");
        return page;
    }

    /** Every call of the table. */
    static List<Call> calls() {
        var stream = Objects.requireNonNull(UapiPage.class.getResourceAsStream(CALLS), CALLS);
        try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            return reader.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> line.split(";", -1))
                    .map(field -> new Call(field[0], field[1], field[2], expand(field[3])))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(CALLS, e);
        }
    }

    /** Numbers of a list such as {@code C-001 C-004..007}. */
    static Set<String> expand(String text) {
        var numbers = new TreeSet<String>();
        for (var item : text.isBlank() ? new String[0] : text.split(" ", -1)) {
            var ends = item.split("\\.\\.", 2);
            int first = Integer.parseInt(ends[0].substring(2));
            int last = ends.length == 1 ? first : Integer.parseInt(ends[1]);
            for (var place = first; place <= last; place++) {
                numbers.add(String.format("%s-%03d", item.charAt(0), place));
            }
        }
        return numbers;
    }

    /** The reverse of {@link #expand} for people: three or more neighbours become a range. */
    static String ranges(Set<String> numbers) {
        var sorted = List.copyOf(new TreeSet<>(numbers));
        var text = new ArrayList<String>();
        for (var from = 0; from < sorted.size(); ) {
            var to = from;
            while (to + 1 < sorted.size() && follows(sorted.get(to), sorted.get(to + 1))) {
                to++;
            }
            if (to - from >= 2) {
                text.add(sorted.get(from) + "…" + sorted.get(to).substring(2));
            } else {
                text.addAll(sorted.subList(from, to + 1));
            }
            from = to + 1;
        }
        return String.join(" ", text);
    }

    private static boolean follows(String number, String next) {
        return number.charAt(0) == next.charAt(0)
                && Integer.parseInt(number.substring(2)) + 1 == Integer.parseInt(next.substring(2));
    }

    /** The call's number as the declarations have it; nothing for plain file operations. */
    private static String number(String name) {
        return Stream.of(VfioIoctl.class, IommufdIoctl.class)
                .flatMap(declarations -> Arrays.stream(declarations.getFields()))
                .filter(field -> field.getName().equals(name))
                .map(UapiPage::value)
                .findFirst()
                .map(value -> "0x" + Integer.toHexString(value))
                .orElse("");
    }

    private static int value(Field constant) {
        try {
            return constant.getInt(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
