// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.wrong;

import com.google.inject.Injector;

/** Wrong on purpose: drivers get what they need from their environment. */
public interface DriverThatUsesGuice {
    /** An injector nobody but core and cli should see. */
    Injector injector();
}
