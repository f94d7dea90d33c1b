// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.util.Optional;

/** What every backend must do, shown with a mediated device that has no DMA of its own, and a function that joins it. */
class PlainEmulatedContractTest extends PlainContractTest {
    @Override
    protected String device() {
        return "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003";
    }

    @Override
    protected Optional<String> secondDevice() {
        return Optional.of("0000:00:05.0");
    }
}
