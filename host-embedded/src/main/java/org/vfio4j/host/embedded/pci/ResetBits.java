// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/**
 * The two bits that make a function reset itself when they are written: one of the PCI Express capability, one of the advanced
 * features. They are never stored. Spec: pci §9.6, §21.1.
 *
 * @param express where the capability with the first is; 0 when it does not have this reset
 * @param advanced where the capability with the second is; 0 when it does not have this reset
 */
record ResetBits(int express, int advanced) {
    private static final int EXPRESS_CONTROL = 8;
    private static final int EXPRESS_RESET = 0x8000;
    private static final int ADVANCED_CONTROL = 4;
    private static final int ADVANCED_RESET = 1;

    /** The bits of a function with these registers. */
    static ResetBits of(byte[] config) {
        var methods = FunctionReset.ofCapabilities(config);
        return new ResetBits(
                methods.contains(FunctionReset.FLR) ? CapabilityList.find(config, CapabilityList.EXPRESS) : 0,
                methods.contains(FunctionReset.AF_FLR)
                        ? CapabilityList.find(config, CapabilityList.ADVANCED_FEATURES)
                        : 0);
    }

    /** Whether a write sets one of them. */
    boolean set(int offset, int size, int value) {
        return (express != 0 && set(offset, size, value, express + EXPRESS_CONTROL, 2, EXPRESS_RESET))
                || (advanced != 0 && set(offset, size, value, advanced + ADVANCED_CONTROL, 1, ADVANCED_RESET));
    }

    private static boolean set(int offset, int size, int value, int register, int width, int bit) {
        if (register + width <= offset || offset + size <= register) {
            return false;
        }
        int shift = 8 * (register - offset);
        long all = size == 4 ? value & 0xffff_ffffL : value & ((1L << (8 * size)) - 1);
        return ((shift >= 0 ? all >>> shift : all << -shift) & bit) != 0;
    }
}
