// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.capture;

/** Names of the files in a captured machine's folder. */
final class CaptureFiles {
    /** Configuration spaces as {@code lspci -xxxx} prints them. */
    static final String CONFIG = "lspci-xxxx.txt";
    /** What {@code lspci -vvvnnk} prints; of it only the drivers are read. May be missing. */
    static final String VERBOSE = "lspci-vvvnnk.txt";
    /** Number and function, one membership per line. */
    static final String GROUPS = "iommu_groups.txt";
    /** A section per group with its reserved regions. */
    static final String RESERVED = "reserved_regions.txt";
    /** A section per function with attributes of its sysfs folder. */
    static final String ATTRIBUTES = "sysfs.txt";

    /** What starts a section of {@link #RESERVED} and {@link #ATTRIBUTES}. */
    static final String SECTION = "== ";

    private CaptureFiles() {}
}
