// SPDX-License-Identifier: Apache-2.0
/**
 * System calls of the program as they arrive: which are looked at ({@link org.vfio4j.runner.notify.InterestingCalls}), who receives
 * them, and what one of them is.
 */
package org.vfio4j.runner.notify;
