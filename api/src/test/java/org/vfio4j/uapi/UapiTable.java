// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The tables in {@code src/test/resources/uapi}: what the kernel's headers say, as a C compiler confirmed it. Tests hold
 * the declarations against them.
 */
public final class UapiTable {
    private UapiTable() {}

    /** One row. */
    public record Row(List<String> columns, List<String> cells) {
        public Row {
            if (cells.size() != columns.size()) {
                throw new IllegalStateException(cells + " does not have the columns " + columns);
            }
        }

        /** The text in one column, "" if there is none. */
        public String cell(String column) {
            int index = columns.indexOf(column);
            if (index < 0) {
                throw new IllegalArgumentException("no column " + column + " among " + columns);
            }
            return cells.get(index);
        }
    }

    /** The rows of a table, in the table's order. */
    public static List<Row> rows(String name) {
        InputStream resource = UapiTable.class.getResourceAsStream("/uapi/" + name + ".csv");
        if (resource == null) {
            throw new IllegalStateException("no table uapi/" + name + ".csv among the test resources");
        }
        try (var reader = new BufferedReader(new InputStreamReader(resource, StandardCharsets.UTF_8))) {
            List<String> lines = reader.lines().toList();
            List<String> columns = cells(lines.getFirst());
            return lines.stream()
                    .skip(1)
                    .map(line -> new Row(columns, cells(line)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Splits at commas outside double quotes; no cell of these tables holds a double quote itself. */
    private static List<String> cells(String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(c);
            }
        }
        cells.add(cell.toString());
        return cells;
    }
}
