// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.pci;

/** Where things are in the SR-IOV extended capability, which has 64 bytes. Spec: pci §9.7, §18. */
final class SriovCapability {
    static final int ID = 0x0010;

    static final int CONTROL = 0x08;
    static final int INITIAL = 0x0c;
    static final int TOTAL = 0x0e;
    static final int NUMBER = 0x10;
    static final int OFFSET = 0x14;
    static final int STRIDE = 0x16;
    static final int DEVICE = 0x1a;
    static final int SUPPORTED_PAGES = 0x1c;
    static final int SYSTEM_PAGE = 0x20;
    static final int BAR0 = 0x24;

    /** Bit of the control register: VF Enable. */
    static final int ENABLE = 0x0001;

    /** Bits of the control register: VF Enable and VF Memory Space Enable. */
    static final int ENABLE_WITH_MEMORY = 0x0009;

    /** Pages of 4 KiB, in the registers for page sizes. */
    static final int PAGES_4K = 1;

    private SriovCapability() {}
}
