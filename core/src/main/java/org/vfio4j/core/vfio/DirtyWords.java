// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

/** A user's bitmap of dirty pages: little-endian 64-bit words. */
@FunctionalInterface
public interface DirtyWords {
    /**
     * Sets the given bits and leaves the others as they are.
     *
     * @param first number of the bitmap's word that {@code words[from]} is for
     * @param words bits to set, none of these words 0
     * @param from first word
     * @param to behind the last word
     * @throws org.vfio4j.uapi.VfioException EFAULT when the bitmap is not there
     */
    void merge(long first, long[] words, int from, int to);
}
