// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.module;

import java.util.List;

/**
 * The kernel module whose part a service plays, with the parameters that can be seen and changed while it runs.
 *
 * @param name as under {@code /sys/module}, for example {@code vfio_iommu_type1}
 * @param parameters each is an option of the service too; a change takes effect when the service asks for the option next
 */
public record KernelModule(String name, List<Parameter> parameters) {
    /** Copies the list. */
    public KernelModule {
        parameters = List.copyOf(parameters);
    }

    /**
     * A parameter (kernel: {@code module_param} with mode 0644).
     *
     * @param name name of the file and of the option
     * @param kind what values it takes
     * @param initial value when the user chose none, as the file shows it
     */
    public record Parameter(String name, Kind kind, String initial) {}

    /** Types of parameters. */
    public enum Kind {
        /** Truth, shown as {@code Y} or {@code N}. */
        BOOL,
        /** A number of 32 bits without sign, shown in decimal. */
        UINT
    }
}
