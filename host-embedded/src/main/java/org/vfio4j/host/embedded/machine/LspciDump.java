// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.machine;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.vfio4j.spi.pci.PciAddress;

/**
 * Configuration spaces as {@code lspci -x}, {@code -xxx} or {@code -xxxx} prints them: a line with the address and a
 * description, lines of sixteen bytes with their offset, an empty line.
 */
public final class LspciDump {
    private static final Pattern HEADING =
            Pattern.compile("((?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[01][0-9a-fA-F]\\.[0-7])(?: (.*))?");
    private static final Pattern BYTES = Pattern.compile("([0-9a-fA-F]{2,3}): ?((?:[0-9a-fA-F]{2} ?)*)");
    private static final int PER_LINE = 16;
    private static final int SMALL = 256;
    private static final int LARGE = 4096;

    private LspciDump() {}

    /**
     * A function of a dump.
     *
     * @param where its heading
     * @param description what the heading says
     * @param config 256 or 4096 bytes; a dump of 64 bytes is filled with zeros
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Function(SourcePosition where, String description, byte[] config) {}

    /**
     * Reads a dump.
     *
     * @param source its name, for errors
     * @return functions in order of appearance
     * @throws org.vfio4j.uapi.VfioException EINVAL with the line
     */
    public static Map<PciAddress, Function> parse(String source, String text) {
        return new Parser(source).parse(text);
    }

    /** Prints a function as {@link #parse} reads it. */
    public static void print(StringBuilder out, PciAddress address, String description, byte[] config) {
        out.append(address.segment() == 0 ? address.toString().substring(5) : address.toString())
                .append(' ')
                .append(description)
                .append('\n');
        for (int offset = 0; offset < config.length; offset += PER_LINE) {
            out.append(offset < 0x100 ? String.format("%02x:", offset) : String.format("%03x:", offset));
            for (int i = 0; i < PER_LINE; i++) {
                out.append(String.format(" %02x", config[offset + i]));
            }
            out.append('\n');
        }
        out.append('\n');
    }

    private static final class Parser {
        private final String source;
        private final Map<PciAddress, Function> functions = new LinkedHashMap<>();
        private SourcePosition heading;
        private PciAddress address = new PciAddress(0, 0, 0, 0);
        private String description = "";
        private byte[] bytes = new byte[LARGE];
        private int filled;
        private boolean open;

        Parser(String source) {
            this.source = source;
            this.heading = new SourcePosition(source, 1, 0);
        }

        Map<PciAddress, Function> parse(String text) {
            var lines = text.split("\n", -1);
            for (int i = 0; i < lines.length; i++) {
                line(new SourcePosition(source, i + 1, 0), lines[i].stripTrailing());
            }
            finish();
            if (functions.isEmpty()) {
                throw new SourcePosition(source, 0, 0).refuse("this is no output of lspci -xxxx: no function is in it");
            }
            return functions;
        }

        private void line(SourcePosition where, String line) {
            if (line.isEmpty()) {
                finish();
                return;
            }
            var start = HEADING.matcher(line);
            if (start.matches()) {
                finish();
                heading = where;
                address = PciAddress.parse(start.group(1));
                description = start.group(2) == null ? "" : start.group(2);
                bytes = new byte[LARGE];
                filled = 0;
                open = true;
                return;
            }
            var dump = BYTES.matcher(line);
            if (!open || !dump.matches()) {
                throw where.refuse("neither a function's heading nor bytes of one: \""
                        + (line.length() > 40 ? line.substring(0, 40) + "..." : line) + "\"");
            }
            bytes(where, Integer.parseInt(dump.group(1), 16), dump.group(2).strip());
        }

        private void bytes(SourcePosition where, int offset, String hex) {
            if (offset != filled || offset >= LARGE) {
                throw where.refuse("bytes from 0x" + Integer.toHexString(offset) + " of " + address
                        + " where those from 0x" + Integer.toHexString(filled) + " belong");
            }
            var parts = hex.split(" +", -1);
            if (parts.length != PER_LINE) {
                throw where.refuse(
                        "a line of " + address + " has " + (hex.isEmpty() ? 0 : parts.length) + " bytes instead of 16");
            }
            for (int i = 0; i < PER_LINE; i++) {
                bytes[offset + i] = (byte) Integer.parseInt(parts[i], 16);
            }
            filled += PER_LINE;
        }

        private void finish() {
            if (!open) {
                return;
            }
            open = false;
            // An ordinary user sees 64 bytes of a function, root all of it.
            if (filled != 64 && filled != SMALL && filled != LARGE) {
                throw heading.refuse("the dump of " + address + " has " + filled + " bytes instead of 64, 256 or 4096");
            }
            var config = Arrays.copyOf(bytes, filled == LARGE ? LARGE : SMALL);
            if (filled == 64) {
                // Without the bytes behind it the capability list leads nowhere.
                config[0x06] &= (byte) ~0x10;
                config[0x34] = 0;
            }
            if (functions.put(address, new Function(heading, description, config)) != null) {
                throw heading.refuse("function " + address + " is in the dump twice");
            }
        }
    }
}
