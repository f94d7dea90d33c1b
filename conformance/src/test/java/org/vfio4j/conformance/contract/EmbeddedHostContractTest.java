// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance.contract;

import org.vfio4j.testing.HostContract;

/** The embedded host with its default machine. */
class EmbeddedHostContractTest extends HostContract {
    @Override
    protected String host() {
        return "embedded";
    }
}
