// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What is known of the checklists' coverage. Every module's test run leaves one part, a file of lines
 * {@code number<TAB>test}, in a folder; the report and the page about the uAPI beside the folder are
 * written anew from all parts each time.
 */
final class SpecCoverage {
    /** Checklist letter, specification file, last number. */
    private static final Map<String, Checklist> CHECKLISTS = checklists();

    private record Checklist(String file, int last) {}

    private SpecCoverage() {}

    private static Map<String, Checklist> checklists() {
        var lists = new LinkedHashMap<String, Checklist>();
        lists.put("C", new Checklist("core", 161));
        lists.put("T", new Checklist("type1", 164));
        lists.put("I", new Checklist("iommufd", 238));
        lists.put("S", new Checklist("spapr", 120));
        lists.put("P", new Checklist("pci", 245));
        lists.put("M", new Checklist("mdev", 91));
        lists.put("F", new Checklist("fsl-mc", 70));
        return lists;
    }

    /** Every number of every checklist. */
    static Set<String> numbers() {
        var numbers = new TreeSet<String>();
        CHECKLISTS.forEach((letter, list) -> {
            for (var place = 1; place <= list.last(); place++) {
                numbers.add(String.format("%s-%03d", letter, place));
            }
        });
        return numbers;
    }

    /** Whether a number stands in one of the checklists. */
    static boolean exists(String number) {
        if (!number.matches("[A-Z]-\\d{3}")) {
            return false;
        }
        var list = CHECKLISTS.get(number.substring(0, 1));
        var place = Integer.parseInt(number.substring(2));
        return list != null && place >= 1 && place <= list.last();
    }

    /**
     * Stores one run's part and writes the report. Runs of several modules may do so at once.
     *
     * @param folder folder of the parts
     * @param part name of this run
     * @param proved tests by checklist number
     */
    static void store(Path folder, String part, Map<String, ? extends Iterable<String>> proved) throws IOException {
        Files.createDirectories(folder);
        try (var channel =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock(); // given back when the channel is closed
            var lines = new ArrayList<String>();
            proved.forEach((number, tests) -> tests.forEach(test -> lines.add(number + "\t" + test)));
            Files.write(folder.resolve(part + ".part"), lines);
            var all = parts(folder);
            Files.write(folder.resolveSibling("spec-coverage.txt"), report(all));
            Files.write(folder.resolveSibling("uapi.md"), UapiPage.write(all.keySet()));
        }
    }

    private static Map<String, Set<String>> parts(Path folder) throws IOException {
        var all = new TreeMap<String, Set<String>>();
        try (var files = Files.newDirectoryStream(folder, "*.part")) {
            for (var file : files) {
                for (var line : Files.readAllLines(file)) {
                    var tab = line.indexOf('\t');
                    all.computeIfAbsent(line.substring(0, tab), number -> new TreeSet<>())
                            .add(line.substring(tab + 1));
                }
            }
        }
        return all;
    }

    static List<String> report(Map<String, ? extends Iterable<String>> proved) {
        var lines = new ArrayList<String>();
        CHECKLISTS.forEach((letter, list) -> {
            var covered = new ArrayList<String>();
            var missing = new ArrayList<String>();
            for (var place = 1; place <= list.last(); place++) {
                var number = String.format("%s-%03d", letter, place);
                (proved.containsKey(number) ? covered : missing).add(number);
            }
            lines.add("== " + list.file() + ": " + covered.size() + " of " + list.last() + " covered");
            covered.forEach(number -> lines.add(number + " " + String.join(", ", proved.get(number))));
            lines.add("missing: " + (missing.isEmpty() ? "none" : String.join(" ", missing)));
            lines.add("");
        });
        proved.keySet().stream()
                .filter(number -> !exists(number))
                .forEach(
                        number -> lines.add("unknown number: " + number + " " + String.join(", ", proved.get(number))));
        return lines;
    }
}
