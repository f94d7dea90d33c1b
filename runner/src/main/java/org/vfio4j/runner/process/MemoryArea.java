// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

/**
 * One area of a program's memory (kernel: {@code struct vm_area_struct}).
 *
 * @param start first address
 * @param end exclusive
 * @param readable whether the program may read it
 * @param writable whether the program may write it
 * @param shared whether what is written there is written to the file
 * @param file the file it shows; {@link FileId#NONE} for plain memory
 * @param fileOffset where in the file the area begins, in bytes
 * @param name path of the file, or what the kernel calls the area; empty for plain memory
 * @param pageSize of its pages, in bytes
 */
record MemoryArea(
        long start,
        long end,
        boolean readable,
        boolean writable,
        boolean shared,
        FileId file,
        long fileOffset,
        String name,
        long pageSize) {

    /** Whether it shows a file's own pages, the same that others who have the file see. */
    boolean showsFile() {
        return shared && file.isFile();
    }

    /** Place in the file of an address in the area. */
    long inFile(long address) {
        return fileOffset + (address - start);
    }
}
