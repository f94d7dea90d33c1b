// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.module;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The kernel module whose part a service plays, with its parameters.
 *
 * @param name as under {@code /sys/module}, for example {@code vfio_iommu_type1}
 * @param parameters the options that the service has: others are refused when they are set. A change takes effect when the
 *     service asks for the option next
 */
public record KernelModule(String name, List<Parameter> parameters) {
    private static final int WRITABLE = 0644;
    private static final long LARGEST_UINT = 0xffff_ffffL;

    /** Copies the list. */
    public KernelModule {
        parameters = List.copyOf(parameters);
    }

    /** The parameter of a name. */
    public Optional<Parameter> parameter(String wanted) {
        return parameters.stream()
                .filter(parameter -> parameter.name().equals(wanted))
                .findFirst();
    }

    /**
     * A parameter (kernel: {@code module_param}).
     *
     * @param name name of the file and of the option
     * @param kind what values it takes
     * @param initial value when the user chose none, as the file shows it
     * @param mode permission bits of the file below {@code /sys/module}; 0 for none
     */
    public record Parameter(String name, Kind kind, String initial, int mode) {
        /** A parameter that can be seen, and changed by an administrator. */
        public Parameter(String name, Kind kind, String initial) {
            this(name, kind, initial, WRITABLE);
        }

        /**
         * A value as the file shows it.
         *
         * @param text what was given or written; one newline at its end does not count
         * @throws VfioException EINVAL when it is no such value, ERANGE for a number that is too large
         */
        public String canonical(String text) {
            String line = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
            return switch (kind) {
                case BOOL -> truth(line) ? "Y" : "N";
                case UINT -> Long.toString(number(line, LARGEST_UINT));
                case LONG -> Long.toString(number(line, Long.MAX_VALUE));
                case TEXT -> line;
            };
        }

        /** Kernel: {@code kstrtobool}, which looks at the beginning only. */
        private boolean truth(String line) {
            String start = line.substring(0, Math.min(2, line.length())).toLowerCase(Locale.ROOT);
            if (start.equals("on")) {
                return true;
            }
            if (start.equals("of")) {
                return false;
            }
            return switch (start.isEmpty() ? ' ' : start.charAt(0)) {
                case 'y', 't', '1' -> true;
                case 'n', 'f', '0' -> false;
                default -> throw new VfioException(Errno.EINVAL, name + ": \"" + line + "\" is neither yes nor no");
            };
        }

        private long number(String line, long largest) {
            long number;
            try {
                number = Long.decode(line.strip());
            } catch (NumberFormatException e) {
                throw new VfioException(Errno.EINVAL, name + ": \"" + line + "\" is no number", e);
            }
            if (number < 0) {
                throw new VfioException(Errno.EINVAL, name + ": " + number + " is negative");
            }
            if (number > largest) {
                throw new VfioException(Errno.ERANGE, name + ": " + number + " is above " + largest);
            }
            return number;
        }
    }

    /** Types of parameters. */
    public enum Kind {
        /** Truth, shown as {@code Y} or {@code N}. */
        BOOL,
        /** A number of 32 bits without sign, shown in decimal. */
        UINT,
        /** A number up to 2^63 - 1, shown in decimal. */
        LONG,
        /** Text, shown as it is. */
        TEXT
    }
}
